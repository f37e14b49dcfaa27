-- As next_due.sql, for the queues of %(queues)s only. Held jobs of other queues count: their hold ends here.
-- Index: delayed_jobs_ready, one probe for each priority and listed queue; delayed_jobs_held.
WITH RECURSIVE level AS (
  (SELECT j.priority FROM {jobs} j
   WHERE {waiting} AND j.priority >= %(min_priority)s::int AND j.priority <= %(max_priority)s::int
   ORDER BY j.priority, j.queue, j.run_at, j.id LIMIT 1)
  UNION ALL
  SELECT n.* FROM level l CROSS JOIN LATERAL (
    SELECT j.priority FROM {jobs} j
    WHERE {waiting} AND j.priority > l.priority AND j.priority <= %(max_priority)s::int
    ORDER BY j.priority, j.queue, j.run_at, j.id LIMIT 1) n
), due AS (
  SELECT n.run_at FROM level l CROSS JOIN unnest(%(queues)s::text[]) AS listed(queue) CROSS JOIN LATERAL (
    SELECT j.run_at FROM {jobs} j
    WHERE {waiting} AND j.priority = l.priority AND j.queue = listed.queue
      AND j.run_at > now() - make_interval(secs => %(lookback)s::float8)
    ORDER BY j.priority, j.queue, j.run_at, j.id LIMIT 1) n
  UNION ALL
  (SELECT j.held_until FROM {jobs} j WHERE j.held_until IS NOT NULL ORDER BY j.held_until LIMIT 1)
)
SELECT extract(epoch FROM min(d.run_at) - clock_timestamp())::float8 FROM due d WHERE isfinite(d.run_at)
