-- The verdict on a job that was alone in hand when its worker died: the attempt counts, and so does the
-- crash. It runs again after %(delay)s seconds, or, with %(max_crashes)s crashes, is quarantined: failed.
-- Race: touches nothing when the claim was lost (id and locked_by). Index: primary key (coalesce: see complete.sql).
UPDATE {jobs} j
SET crashes = least(j.crashes, 2147483646) + 1,
    failed_at = CASE WHEN least(j.crashes, 2147483646) + 1 >= %(max_crashes)s::int THEN now() END,
    run_at = now() + make_interval(secs => %(delay)s::float8),
    last_error = CASE WHEN least(j.crashes, 2147483646) + 1 >= %(max_crashes)s::int
                      THEN format('quarantined after %%s crashes: ', least(j.crashes, 2147483646) + 1) ELSE '' END || %(error)s::text,
    errors = jsonb_path_query_array(j.errors, '$[last - 8 to last]')
             || jsonb_build_object('attempt', j.attempts, 'at', now(), 'error', left(%(summary)s::text, 500)),
    locked_by = NULL, locked_at = NULL, updated_at = now()
WHERE j.id = %(id)s::bigint AND coalesce(j.locked_by, '') = %(token)s::text
