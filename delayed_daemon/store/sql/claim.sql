-- Locks up to %(count)s ready jobs under %(token)s, in order: priority, then the queue whose oldest ready
-- job is the oldest, then run_at, id. Returns numbers and text only: a timestamp that Python cannot hold
-- would make every worker fail on its row for ever. Last comes how many seconds are left before a job
-- expires, which an infinite time leaves a number too (a difference of timestamps would be an error).
-- Race: two claims never take one row (FOR UPDATE SKIP LOCKED). A row released in the very moment between
-- snapshot and lock is left out (its new version is not visible), so that an empty reply is asked twice.
-- Index: delayed_jobs_ready, by a loose scan: first entry of each priority, then of each queue in it; never
-- from its start with a filter. The outer scans carry no ORDER BY: it would sort, and lock every pair's head.
WITH RECURSIVE level AS (
  (SELECT j.priority, j.queue, j.run_at, j.id FROM {jobs} j
   WHERE {waiting} AND j.priority >= %(min_priority)s::int AND j.priority <= %(max_priority)s::int
   ORDER BY j.priority, j.queue, j.run_at, j.id LIMIT 1)
  UNION ALL
  SELECT n.* FROM level l CROSS JOIN LATERAL (
    SELECT j.priority, j.queue, j.run_at, j.id FROM {jobs} j
    WHERE {waiting} AND j.priority > l.priority AND j.priority <= %(max_priority)s::int
    ORDER BY j.priority, j.queue, j.run_at, j.id LIMIT 1) n
), taken AS MATERIALIZED (
  SELECT t.ctid FROM level l
  CROSS JOIN LATERAL (
    WITH RECURSIVE head AS (
      SELECT l.queue, l.run_at, l.id
      UNION ALL
      SELECT n.* FROM head h CROSS JOIN LATERAL (
        SELECT j.queue, j.run_at, j.id FROM {jobs} j
        WHERE {waiting} AND j.priority = l.priority AND j.queue > h.queue
        ORDER BY j.priority, j.queue, j.run_at, j.id LIMIT 1) n)
    SELECT h.queue, h.run_at, h.id FROM head h WHERE h.run_at <= now() ORDER BY h.run_at, h.id) h
  CROSS JOIN LATERAL (
    SELECT j.ctid FROM {jobs} j
    WHERE {ready} AND j.priority = l.priority AND j.queue = h.queue AND (j.run_at, j.id) >= (h.run_at, h.id)
    ORDER BY j.priority, j.queue, j.run_at, j.id LIMIT %(count)s::bigint FOR UPDATE SKIP LOCKED) t
  LIMIT %(count)s::bigint
)
UPDATE {jobs} j
SET locked_by = %(token)s::text, locked_at = clock_timestamp(), updated_at = clock_timestamp(),
    attempts = least(j.attempts, 2147483646) + 1
FROM taken WHERE j.ctid = taken.ctid
RETURNING j.id, j.attempts, j.crashes, j.suspect, j.priority, j.queue, j.handler, j.run_at::text,
  j.expires_at::text, CASE WHEN j.expires_at IS NOT NULL THEN
    extract(epoch FROM j.expires_at)::float8 - extract(epoch FROM clock_timestamp())::float8 END
