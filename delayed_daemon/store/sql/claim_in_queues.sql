-- As claim.sql, for the queues of %(queues)s only, which must hold none twice. A statement of its own,
-- because the generic plan of one with "queues IS NULL OR" would carry both.
-- Race: as claim.sql. Index: delayed_jobs_ready, one probe for each priority and listed queue.
WITH RECURSIVE level AS (
  (SELECT j.priority FROM {jobs} j
   WHERE {waiting} AND j.priority >= %(min_priority)s::int AND j.priority <= %(max_priority)s::int
   ORDER BY j.priority, j.queue, j.run_at, j.id LIMIT 1)
  UNION ALL
  SELECT n.* FROM level l CROSS JOIN LATERAL (
    SELECT j.priority FROM {jobs} j
    WHERE {waiting} AND j.priority > l.priority AND j.priority <= %(max_priority)s::int
    ORDER BY j.priority, j.queue, j.run_at, j.id LIMIT 1) n
), taken AS MATERIALIZED (
  SELECT t.ctid FROM level l
  CROSS JOIN LATERAL (
    SELECT f.* FROM unnest(%(queues)s::text[]) AS listed(queue) CROSS JOIN LATERAL (
      SELECT j.queue, j.run_at, j.id FROM {jobs} j
      WHERE {ready} AND j.priority = l.priority AND j.queue = listed.queue
      ORDER BY j.run_at, j.id LIMIT 1) f
    ORDER BY f.run_at, f.id) h
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
