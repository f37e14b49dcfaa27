-- Deletes these locked jobs: with %(force)s those of living holders, too. Returns the ids.
-- Race: a holder that lives performs to the end, and completes nothing. Waits for nobody (SKIP LOCKED).
-- Index: primary key ({state}: see states.py); {daemons} has a row for each daemon.
WITH taken AS MATERIALIZED (
  SELECT j.ctid FROM {jobs} j
  WHERE j.id = ANY (%(ids)s::bigint[]) AND {state} = ANY (%(states)s::text[])
    AND (%(force)s::boolean OR NOT EXISTS (
      SELECT FROM {daemons} d WHERE d.heartbeat_at + d.lease >= clock_timestamp()
        AND replace(d.id::text, '-', '') = substring(j.locked_by FROM '/([0-9a-f]{{32}})/')))
  ORDER BY j.id FOR UPDATE SKIP LOCKED
)
DELETE FROM {jobs} j USING taken WHERE j.ctid = taken.ctid
RETURNING j.id
