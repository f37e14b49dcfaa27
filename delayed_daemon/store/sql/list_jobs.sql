-- The jobs of these states that were asked for, in order of id, from the one after %(after)s on: at most %(limit)s.
-- Times as text, since Python cannot hold all of them.
-- Index: primary key, from %(after)s on with a filter: reads the jobs that it passes over, too.
SELECT j.id, {state} AS state, j.queue, j.priority, j.attempts, j.run_at::text,
       extract(epoch FROM j.run_at - now())::float8 AS due_seconds, left(j.handler, 1000) AS handler,
       left(j.last_error, 2000) AS last_error
FROM {jobs} j
WHERE j.id > %(after)s::bigint AND {state} = ANY (%(states)s::text[]) AND {chosen}
ORDER BY j.id LIMIT %(limit)s::bigint
