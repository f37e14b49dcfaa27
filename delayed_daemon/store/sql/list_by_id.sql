-- The jobs with these ids, in order of id; columns as in list_jobs.sql.
-- Index: primary key.
SELECT j.id, {state} AS state, j.queue, j.priority, j.attempts, j.run_at::text,
       extract(epoch FROM j.run_at - now())::float8 AS due_seconds, left(j.handler, 1000) AS handler,
       left(j.last_error, 2000) AS last_error
FROM {jobs} j
WHERE j.id = ANY (%(ids)s::bigint[]) ORDER BY j.id
