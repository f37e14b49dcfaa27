-- Takes these locked jobs from their holders, without counting the attempt: with %(force)s from living ones, too.
-- Returns the ids; wakes a daemon as enqueue.sql does.
-- Race: a holder that lives after all, as one whose heartbeat commits in this very moment, completes nothing, since
-- its token is gone; its job may run twice. Waits for nobody (SKIP LOCKED).
-- Index: primary key ({state}: see states.py); {daemons} has a row for each daemon.
WITH taken AS MATERIALIZED (
  SELECT j.ctid FROM {jobs} j
  WHERE j.id = ANY (%(ids)s::bigint[]) AND CASE WHEN {state} = ANY (%(states)s::text[])
    THEN %(force)s::boolean OR NOT EXISTS (
      SELECT FROM {daemons} d WHERE d.heartbeat_at + d.lease >= clock_timestamp()
        AND replace(d.id::text, '-', '') = substring(j.locked_by FROM '/([0-9a-f]{{32}})/')) END
  ORDER BY j.id FOR UPDATE SKIP LOCKED
), changed AS (
  UPDATE {jobs} j
  SET attempts = greatest(j.attempts - 1, 0), locked_by = NULL, locked_at = NULL, updated_at = now()
  FROM taken WHERE j.ctid = taken.ctid
  RETURNING j.id, j.failed_at IS NULL AS is_ready
), wake AS MATERIALIZED (
  SELECT pg_notify('delayed_jobs', %(payload)s::text)
  WHERE EXISTS (SELECT FROM changed WHERE changed.is_ready)
    AND (%(wake)s::text = 'always' OR (%(wake)s::text = 'when_idle' AND EXISTS (
      SELECT FROM {daemons} d WHERE d.idle AND d.heartbeat_at + d.lease >= clock_timestamp())))
)
SELECT changed.id FROM changed LEFT JOIN (SELECT FROM wake) AS woken ON true
