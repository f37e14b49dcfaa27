-- As list_jobs.sql, for states that few jobs are in: locked, failed, held.
-- Index: of the states asked for, each its own, all of it (delayed_jobs_locked, _failed, _held), then the primary key.
WITH aside AS MATERIALIZED (
  SELECT j.id FROM {jobs} j WHERE 'locked' = ANY (%(states)s::text[]) AND {locked}
  UNION ALL
  SELECT j.id FROM {jobs} j WHERE 'failed' = ANY (%(states)s::text[]) AND {failed}
  UNION ALL
  SELECT j.id FROM {jobs} j WHERE 'held' = ANY (%(states)s::text[]) AND {held}
)
SELECT j.id, {state} AS state, j.queue, j.priority, j.attempts, j.run_at::text,
       extract(epoch FROM j.run_at - now())::float8 AS due_seconds, left(j.handler, 1000) AS handler,
       left(j.last_error, 2000) AS last_error
FROM aside CROSS JOIN LATERAL (SELECT j.* FROM {jobs} j WHERE j.id = aside.id LIMIT 1) j
WHERE j.id > %(after)s::bigint AND {state} = ANY (%(states)s::text[]) AND {chosen}
ORDER BY j.id LIMIT %(limit)s::bigint
