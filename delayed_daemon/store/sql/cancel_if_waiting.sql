-- Deletes a job that waits: ready, scheduled or held. Returns its id.
-- Race: whoever locks the row first decides; a job that was claimed, or has failed, is not touched.
-- Index: primary key.
DELETE FROM {jobs} j
WHERE j.id = %(id)s::bigint AND NOT ({locked}) AND NOT ({failed})
RETURNING j.id
