-- Lets these failed jobs run again now, with all their attempts; what went wrong before stays in their history.
-- Returns the ids; wakes a daemon as enqueue.sql does.
-- Race: judges and locks the newest version of each row, and passes over one that another session has (SKIP
-- LOCKED), so that a job that is claimed meanwhile is never touched. Index: primary key ({state}: see states.py).
WITH taken AS MATERIALIZED (
  SELECT j.ctid FROM {jobs} j
  WHERE j.id = ANY (%(ids)s::bigint[]) AND {state} = ANY (%(states)s::text[])
  ORDER BY j.id FOR UPDATE SKIP LOCKED
), changed AS (
  UPDATE {jobs} j
  SET run_at = now(), attempts = 0, crashes = 0, failed_at = NULL, held_until = NULL, held_reason = NULL, holds = 0,
      updated_at = now()
  FROM taken WHERE j.ctid = taken.ctid
  RETURNING j.id, true AS is_ready
), wake AS MATERIALIZED (
  SELECT pg_notify('delayed_jobs', %(payload)s::text)
  WHERE EXISTS (SELECT FROM changed WHERE changed.is_ready)
    AND (%(wake)s::text = 'always' OR (%(wake)s::text = 'when_idle' AND EXISTS (
      SELECT FROM {daemons} d WHERE d.idle AND d.heartbeat_at + d.lease >= clock_timestamp())))
)
SELECT changed.id FROM changed LEFT JOIN (SELECT FROM wake) AS woken ON true
