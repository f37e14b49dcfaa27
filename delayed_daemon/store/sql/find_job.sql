-- One job with its state, as people see it; times in seconds since 1970. Of a locked job the attempt under way
-- is not counted: the attempts are the failures so far.
-- Index: primary key.
SELECT j.id, j.queue, j.priority, greatest(j.attempts - (j.locked_by IS NOT NULL)::int, 0), j.handler,
       extract(epoch FROM j.run_at)::float8,
       CASE WHEN {locked} THEN 'locked' WHEN {failed} THEN 'failed' WHEN {held} THEN 'held'
            WHEN {scheduled} THEN 'scheduled' ELSE 'ready' END,
       j.crashes, j.last_error, j.errors::text, j.locked_by, j.held_reason,
       extract(epoch FROM j.created_at)::float8, extract(epoch FROM j.updated_at)::float8,
       extract(epoch FROM j.locked_at)::float8, extract(epoch FROM j.failed_at)::float8,
       extract(epoch FROM j.held_until)::float8, extract(epoch FROM j.expires_at)::float8
FROM {jobs} j WHERE j.id = %(id)s::bigint
