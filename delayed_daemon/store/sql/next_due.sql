-- Seconds until the next scheduled job of these priorities, or the next held job, is due; nothing else.
-- Jobs that became due within the last %(lookback)s seconds count, with a negative number.
-- Index: delayed_jobs_ready, by a loose scan over priorities and their queues with one probe each;
-- delayed_jobs_held.
WITH RECURSIVE level AS (
  (SELECT j.priority, j.queue FROM {jobs} j
   WHERE {waiting} AND j.priority >= %(min_priority)s::int AND j.priority <= %(max_priority)s::int
   ORDER BY j.priority, j.queue, j.run_at, j.id LIMIT 1)
  UNION ALL
  SELECT n.* FROM level l CROSS JOIN LATERAL (
    SELECT j.priority, j.queue FROM {jobs} j
    WHERE {waiting} AND j.priority > l.priority AND j.priority <= %(max_priority)s::int
    ORDER BY j.priority, j.queue, j.run_at, j.id LIMIT 1) n
), pair AS (
  SELECT l.priority, l.queue FROM level l
  UNION ALL
  SELECT p.priority, n.queue FROM pair p CROSS JOIN LATERAL (
    SELECT j.queue FROM {jobs} j
    WHERE {waiting} AND j.priority = p.priority AND j.queue > p.queue
    ORDER BY j.priority, j.queue, j.run_at, j.id LIMIT 1) n
), due AS (
  SELECT n.run_at FROM pair p CROSS JOIN LATERAL (
    SELECT j.run_at FROM {jobs} j
    WHERE {waiting} AND j.priority = p.priority AND j.queue = p.queue
      AND j.run_at > now() - make_interval(secs => %(lookback)s::float8)
    ORDER BY j.priority, j.queue, j.run_at, j.id LIMIT 1) n
  UNION ALL
  (SELECT j.held_until FROM {jobs} j WHERE j.held_until IS NOT NULL ORDER BY j.held_until LIMIT 1)
)
SELECT extract(epoch FROM min(d.run_at) - clock_timestamp())::float8 FROM due d WHERE isfinite(d.run_at)
