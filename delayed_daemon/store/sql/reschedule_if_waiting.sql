-- Moves a job that waits (ready, scheduled or held) to %(run_at)s, or to %(delay)s seconds from now; a hold ends.
-- Returns its run_at (seconds since 1970) and its state. Wakes a daemon as enqueue.sql does.
-- Race: whoever locks the row first decides; a job that was claimed, or has failed, is not touched.
-- Index: primary key.
WITH moved AS (
  UPDATE {jobs} j
  SET run_at = coalesce(%(run_at)s::timestamptz, now() + make_interval(secs => coalesce(%(delay)s::float8, 0))),
      held_until = NULL, held_reason = NULL, updated_at = now()
  WHERE j.id = %(id)s::bigint AND NOT ({locked}) AND NOT ({failed})
  RETURNING j.queue, j.priority, j.run_at
), wake AS MATERIALIZED (
  SELECT pg_notify('delayed_jobs', concat_ws(' ', %(schema)s::text, m.queue, m.priority)) FROM moved m
  WHERE %(wake)s::text = 'always' OR (%(wake)s::text = 'when_idle' AND EXISTS (
    SELECT FROM {daemons} d WHERE d.idle AND d.heartbeat_at + d.lease >= clock_timestamp()))
)
SELECT extract(epoch FROM m.run_at)::float8, CASE WHEN m.run_at > now() THEN 'scheduled' ELSE 'ready' END
FROM moved m LEFT JOIN (SELECT FROM wake) AS woken ON true
