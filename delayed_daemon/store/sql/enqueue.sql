-- Inserts one job, in the transaction of whoever calls; returns its id, run_at and expires_at (seconds
-- since 1970). It runs at %(run_at)s, or %(delay)s seconds from now; expires likewise, or never. Notifies once: always, never, or only while a
-- living daemon has an idle worker, because NOTIFY takes a lock of the whole cluster at commit.
-- Index: none needed; {daemons} has a row for each daemon.
WITH job AS (
  INSERT INTO {jobs} (handler, queue, priority, run_at, expires_at)
  VALUES (%(handler)s::text, %(queue)s::text, %(priority)s::int,
          coalesce(%(run_at)s::timestamptz, now() + make_interval(secs => coalesce(%(delay)s::float8, 0))),
          coalesce(%(expires_at)s::timestamptz, now() + make_interval(secs => %(expires_in)s::float8)))
  RETURNING id, extract(epoch FROM run_at)::float8 AS run_at, extract(epoch FROM expires_at)::float8 AS expires_at
), wake AS MATERIALIZED (
  SELECT pg_notify('delayed_jobs', %(payload)s::text)
  WHERE %(wake)s::text = 'always' OR (%(wake)s::text = 'when_idle' AND EXISTS (
    SELECT FROM {daemons} d WHERE d.idle AND d.heartbeat_at + d.lease >= clock_timestamp()))
)
SELECT job.id, job.run_at, job.expires_at FROM job LEFT JOIN (SELECT FROM wake) AS woken ON true
