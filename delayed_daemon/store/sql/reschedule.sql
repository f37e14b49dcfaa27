-- Ends an attempt that failed: another follows, at %(run_at)s or else %(delay)s seconds from now.
-- A suspect that failed without taking its worker down is none any more.
-- Race: touches nothing when the claim was lost (id and locked_by). Index: primary key (coalesce: see complete.sql).
UPDATE {jobs} j
SET run_at = coalesce(%(run_at)s::timestamptz, now() + make_interval(secs => %(delay)s::float8)),
    last_error = %(error)s::text,
    errors = jsonb_path_query_array(j.errors, '$[last - 8 to last]')
             || jsonb_build_object('attempt', j.attempts, 'at', now(), 'error', left(%(summary)s::text, 500)),
    suspect = false, locked_by = NULL, locked_at = NULL, updated_at = now()
WHERE j.id = %(id)s::bigint AND coalesce(j.locked_by, '') = %(token)s::text
