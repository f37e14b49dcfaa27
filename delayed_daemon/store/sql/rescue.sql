-- Gives back what a daemon that is gone had locked: at most %(limit)s jobs. The attempt does not count, the
-- crash does; a job that lost its daemon %(max_crashes)s times is quarantined. Returns the ids.
-- Race: the lease is judged here, on the newest version of the daemon's row and with that row locked, so
-- that a heartbeat either comes first (nothing is rescued) or finds its lease gone; of two rescuers the
-- second skips what the first has. Waits for nobody (SKIP LOCKED).
-- Index: delayed_jobs_locked, the primary key of {daemons}.
WITH lapsed AS MATERIALIZED (
  SELECT 1 FROM {daemons} d
  WHERE d.id = %(daemon)s::uuid AND d.heartbeat_at + d.lease < clock_timestamp()
  FOR NO KEY UPDATE SKIP LOCKED
), orphan AS MATERIALIZED (
  SELECT j.ctid FROM {jobs} j
  WHERE j.locked_by >= %(prefix)s::text AND j.locked_by < %(beyond)s::text
    AND (EXISTS (SELECT FROM lapsed) OR NOT EXISTS (SELECT FROM {daemons} d WHERE d.id = %(daemon)s::uuid))
  ORDER BY j.locked_by LIMIT %(limit)s::bigint FOR UPDATE SKIP LOCKED
)
UPDATE {jobs} j
SET attempts = greatest(j.attempts - 1, 0), crashes = least(j.crashes, 2147483646) + 1,
    failed_at = CASE WHEN least(j.crashes, 2147483646) + 1 >= %(max_crashes)s::int THEN now() END,
    last_error = CASE WHEN least(j.crashes, 2147483646) + 1 >= %(max_crashes)s::int
                      THEN format('quarantined after %%s crashes: its daemon %%s was lost', least(j.crashes, 2147483646) + 1, j.locked_by)
                      ELSE j.last_error END,
    errors = jsonb_path_query_array(j.errors, '$[last - 8 to last]')
             || jsonb_build_object('attempt', j.attempts, 'at', now(),
                                   'error', format('its daemon %%s was lost', j.locked_by)),
    locked_by = NULL, locked_at = NULL, updated_at = now()
FROM orphan WHERE j.ctid = orphan.ctid
RETURNING j.id
