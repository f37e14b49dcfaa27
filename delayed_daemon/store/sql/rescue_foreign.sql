-- Gives back jobs locked in a form that is not ours, by another program on the same table, %(seconds)s
-- after they were locked: at most %(limit)s. Counts as in rescue.sql. Returns the ids.
-- Race: judged on the locked row itself; waits for nobody (SKIP LOCKED).
-- Index: delayed_jobs_locked, all of it: as many entries as there are locked jobs.
WITH orphan AS MATERIALIZED (
  SELECT j.ctid FROM {jobs} j
  WHERE j.locked_by IS NOT NULL AND j.locked_by !~ '^[A-Za-z0-9_.-]+:[0-9]+/[0-9a-f]{{32}}/'
    AND coalesce(j.locked_at, j.updated_at) < clock_timestamp() - make_interval(secs => %(seconds)s::float8)
  ORDER BY j.locked_by LIMIT %(limit)s::bigint FOR UPDATE SKIP LOCKED
)
UPDATE {jobs} j
SET attempts = greatest(j.attempts - 1, 0), crashes = least(j.crashes, 2147483646) + 1,
    failed_at = CASE WHEN least(j.crashes, 2147483646) + 1 >= %(max_crashes)s::int THEN now() END,
    last_error = CASE WHEN least(j.crashes, 2147483646) + 1 >= %(max_crashes)s::int
                      THEN format('quarantined after %%s crashes: its holder %%s was lost', least(j.crashes, 2147483646) + 1,
                                  left(j.locked_by, 200))
                      ELSE j.last_error END,
    errors = jsonb_path_query_array(j.errors, '$[last - 8 to last]')
             || jsonb_build_object('attempt', j.attempts, 'at', now(),
                                   'error', format('its holder %%s was lost', left(j.locked_by, 200))),
    locked_by = NULL, locked_at = NULL, updated_at = now()
FROM orphan WHERE j.ctid = orphan.ctid
RETURNING j.id
