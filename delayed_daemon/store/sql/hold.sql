-- Puts aside a job whose class is not here: for a minute, doubling to an hour. No attempt is counted.
-- Race: touches nothing when the claim was lost (id and locked_by). Index: primary key (coalesce: see complete.sql).
UPDATE {jobs} j
SET held_until = now() + least(interval '1 hour', interval '1 minute' * 2 ^ least(j.holds, 6)),
    held_reason = %(reason)s::text, holds = least(j.holds, 1000000) + 1,
    attempts = greatest(j.attempts - 1, 0), locked_by = NULL, locked_at = NULL, updated_at = now()
WHERE j.id = %(id)s::bigint AND coalesce(j.locked_by, '') = %(token)s::text
