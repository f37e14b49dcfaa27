-- Inserts jobs from parallel arrays, in one statement and in the transaction of whoever calls; returns id,
-- run_at and expires_at of each, in the order given. Times and notification as in enqueue.sql.
-- Ids rise in the order given, because the rows are sorted before their identities are drawn.
-- Index: none needed.
WITH job AS (
  INSERT INTO {jobs} (handler, queue, priority, run_at, expires_at)
  SELECT r.handler, r.queue, r.priority,
         coalesce(r.run_at, now() + make_interval(secs => coalesce(r.delay, 0))),
         coalesce(r.expires_at, now() + make_interval(secs => r.life))
  FROM unnest(%(handlers)s::text[], %(queues)s::text[], %(priorities)s::int[], %(run_ats)s::timestamptz[],
              %(delays)s::float8[], %(expiries)s::timestamptz[], %(lives)s::float8[])
       WITH ORDINALITY AS r(handler, queue, priority, run_at, delay, expires_at, life, position)
  ORDER BY r.position
  RETURNING id, extract(epoch FROM run_at)::float8 AS run_at, extract(epoch FROM expires_at)::float8 AS expires_at
), wake AS MATERIALIZED (
  SELECT pg_notify('delayed_jobs', %(payload)s::text)
  WHERE EXISTS (SELECT FROM job)
    AND (%(wake)s::text = 'always' OR (%(wake)s::text = 'when_idle' AND EXISTS (
      SELECT FROM {daemons} d WHERE d.idle AND d.heartbeat_at + d.lease >= clock_timestamp())))
)
SELECT job.id, job.run_at, job.expires_at FROM job LEFT JOIN (SELECT FROM wake) AS woken ON true ORDER BY job.id
