-- Deletes these jobs, if they are in one of these states. Returns the ids.
-- Race: judges and locks the newest version of each row, and passes over one that another session has (SKIP
-- LOCKED), so that a job that is claimed meanwhile is never touched. Index: primary key ({state}: see states.py).
WITH taken AS MATERIALIZED (
  SELECT j.ctid FROM {jobs} j
  WHERE j.id = ANY (%(ids)s::bigint[]) AND {state} = ANY (%(states)s::text[])
  ORDER BY j.id FOR UPDATE SKIP LOCKED
)
DELETE FROM {jobs} j USING taken WHERE j.ctid = taken.ctid
RETURNING j.id
