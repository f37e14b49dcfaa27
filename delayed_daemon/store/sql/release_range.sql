-- Gives back, without counting the attempt, everything locked under tokens from %(prefix)s up to, and not
-- including, %(beyond)s: a dead worker, a dead generation. Returns the ids.
-- Race: repeated by the caller, because a claim can still commit after its client died; never waits for a
-- row (SKIP LOCKED), which the next repetition finds. Index: delayed_jobs_locked.
WITH orphan AS MATERIALIZED (
  SELECT j.ctid FROM {jobs} j
  WHERE j.locked_by >= %(prefix)s::text AND j.locked_by < %(beyond)s::text
  ORDER BY j.locked_by FOR UPDATE SKIP LOCKED
)
UPDATE {jobs} j
SET attempts = greatest(j.attempts - 1, 0), locked_by = NULL, locked_at = NULL, updated_at = now()
FROM orphan WHERE j.ctid = orphan.ctid
RETURNING j.id
