-- Counts the jobs of each state and queue, with the age in seconds of the oldest ready one; a job
-- whose run_at is infinite has none.
-- Index: each state reads its own, ready and scheduled all of delayed_jobs_ready: for people, not for loops.
SELECT 'ready', j.queue, count(*), extract(epoch FROM now() - min(j.run_at) FILTER (WHERE isfinite(j.run_at)))::float8
FROM {jobs} j WHERE {ready} GROUP BY j.queue
UNION ALL
SELECT 'scheduled', j.queue, count(*), NULL FROM {jobs} j WHERE {scheduled} GROUP BY j.queue
UNION ALL
SELECT 'locked', j.queue, count(*), NULL FROM {jobs} j WHERE {locked} GROUP BY j.queue
UNION ALL
SELECT 'failed', j.queue, count(*), NULL FROM {jobs} j WHERE {failed} GROUP BY j.queue
UNION ALL
SELECT 'held', j.queue, count(*), NULL FROM {jobs} j WHERE {held} GROUP BY j.queue
ORDER BY 2
