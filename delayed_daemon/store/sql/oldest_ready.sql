-- The age in seconds of the oldest ready job, with its id and queue; nothing when none is ready. A job whose
-- run_at is infinite has no age.
-- Index: delayed_jobs_ready, by a loose scan: the first entry of each pair of priority and queue is its oldest.
-- However many jobs wait, it costs one probe a pair: fit for a monitor that asks every few seconds.
WITH RECURSIVE level AS (
  (SELECT j.priority, j.queue, j.run_at, j.id FROM {jobs} j WHERE {waiting}
   ORDER BY j.priority, j.queue, j.run_at, j.id LIMIT 1)
  UNION ALL
  SELECT n.* FROM level l CROSS JOIN LATERAL (
    SELECT j.priority, j.queue, j.run_at, j.id FROM {jobs} j WHERE {waiting} AND j.priority > l.priority
    ORDER BY j.priority, j.queue, j.run_at, j.id LIMIT 1) n
), head AS (
  SELECT l.priority, l.queue, l.run_at, l.id FROM level l
  UNION ALL
  SELECT h.priority, n.queue, n.run_at, n.id FROM head h CROSS JOIN LATERAL (
    SELECT j.queue, j.run_at, j.id FROM {jobs} j WHERE {waiting} AND j.priority = h.priority AND j.queue > h.queue
    ORDER BY j.priority, j.queue, j.run_at, j.id LIMIT 1) n
)
SELECT extract(epoch FROM now() - h.run_at)::float8, h.id, h.queue
FROM head h WHERE h.run_at <= now() AND isfinite(h.run_at) ORDER BY h.run_at, h.id LIMIT 1
