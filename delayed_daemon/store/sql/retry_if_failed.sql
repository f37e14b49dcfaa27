-- Gives a failed job all its attempts again, from now on; its last error and the history stay. A time by which
-- it should have started, and that is over, would only fail it again: it goes.
-- Returns its run_at (seconds since 1970) and its state. Wakes a daemon as enqueue.sql does.
-- Race: of two at once the second finds it failed no more, and touches nothing.
-- Index: primary key, and only it: hence CASE, from which the planner cannot conclude that delayed_jobs_failed would serve.
WITH retried AS (
  UPDATE {jobs} j
  SET run_at = now(), attempts = 0, crashes = 0, suspect = false, failed_at = NULL,
      held_until = NULL, held_reason = NULL, holds = 0, kill_requested = NULL,
      expires_at = CASE WHEN j.expires_at > now() THEN j.expires_at END, updated_at = now()
  WHERE j.id = %(id)s::bigint AND CASE WHEN {failed} THEN true END
  RETURNING j.queue, j.priority, j.run_at
), wake AS MATERIALIZED (
  SELECT pg_notify('delayed_jobs', concat_ws(' ', %(schema)s::text, r.queue, r.priority)) FROM retried r
  WHERE %(wake)s::text = 'always' OR (%(wake)s::text = 'when_idle' AND EXISTS (
    SELECT FROM {daemons} d WHERE d.idle AND d.heartbeat_at + d.lease >= clock_timestamp()))
)
SELECT extract(epoch FROM r.run_at)::float8, 'ready' FROM retried r LEFT JOIN (SELECT FROM wake) AS woken ON true
