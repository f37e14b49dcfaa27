-- Lets every held job be claimed again, as if it had never been held, because the application's code may be
-- new: at most %(limit)s. Race: waits for nobody (SKIP LOCKED). Index: delayed_jobs_held.
WITH held AS MATERIALIZED (
  SELECT j.ctid FROM {jobs} j WHERE j.held_until IS NOT NULL
  ORDER BY j.held_until LIMIT %(limit)s::bigint FOR UPDATE SKIP LOCKED
)
UPDATE {jobs} j SET held_until = NULL, held_reason = NULL, holds = 0, updated_at = now()
FROM held WHERE j.ctid = held.ctid
