-- Lets jobs whose hold is over be claimed again: at most %(limit)s. Their next hold will be longer.
-- Race: waits for nobody (SKIP LOCKED). Index: delayed_jobs_held.
WITH due AS MATERIALIZED (
  SELECT j.ctid FROM {jobs} j WHERE j.held_until <= now()
  ORDER BY j.held_until LIMIT %(limit)s::bigint FOR UPDATE SKIP LOCKED
)
UPDATE {jobs} j SET held_until = NULL, held_reason = NULL, updated_at = now()
FROM due WHERE j.ctid = due.ctid
