-- Ends a job that has no attempt left, or for which none makes sense: it stays, with its reason. Unless
-- %(attempted)s, this attempt was not made and does not count. With %(earlier)s the reason of the last one stands.
-- Race: touches nothing when the claim was lost (id and locked_by). Index: primary key (coalesce: see complete.sql).
UPDATE {jobs} j
SET failed_at = now(),
    last_error = CASE WHEN %(earlier)s::boolean THEN coalesce(j.last_error, %(error)s::text) ELSE %(error)s::text END,
    attempts = CASE WHEN %(attempted)s::boolean THEN j.attempts ELSE greatest(j.attempts - 1, 0) END,
    errors = jsonb_path_query_array(j.errors, '$[last - 8 to last]')
             || jsonb_build_object('attempt', j.attempts, 'at', now(), 'error', left(%(summary)s::text, 500)),
    suspect = false, locked_by = NULL, locked_at = NULL, updated_at = now()
WHERE j.id = %(id)s::bigint AND coalesce(j.locked_by, '') = %(token)s::text
