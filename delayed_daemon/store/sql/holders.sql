-- Who holds locked jobs: one row for each daemon's prefix of locked_by, and for each foreign locked_by, with
-- the lease behind it. "lapsed" is what the database's clock says; a foreign form has no lease at all.
-- Index: delayed_jobs_locked, by a loose scan (one probe for each holder: from a prefix ending in "/" on to
-- the same ending in "0", the next character; from a foreign form on to itself and a byte more), and the
-- primary key of {daemons}.
WITH RECURSIVE holder AS (
  (SELECT j.locked_by, substring(j.locked_by FROM '^[A-Za-z0-9_.-]+:[0-9]+/[0-9a-f]{{32}}/') AS prefix
   FROM {jobs} j WHERE j.locked_by IS NOT NULL ORDER BY j.locked_by LIMIT 1)
  UNION ALL
  SELECT n.* FROM holder h CROSS JOIN LATERAL (
    SELECT j.locked_by, substring(j.locked_by FROM '^[A-Za-z0-9_.-]+:[0-9]+/[0-9a-f]{{32}}/') AS prefix
    FROM {jobs} j
    WHERE j.locked_by IS NOT NULL
      AND j.locked_by >= coalesce(left(h.prefix, -1) || '0', h.locked_by || chr(1))
    ORDER BY j.locked_by LIMIT 1) n
)
SELECT coalesce(h.prefix, h.locked_by), left(right(h.prefix, 33), 32),
       h.prefix IS NOT NULL AND coalesce(d.heartbeat_at + d.lease < clock_timestamp(), true), d.heartbeat_at::text
FROM (SELECT * FROM holder LIMIT 10000) h
LEFT JOIN LATERAL (
  SELECT d.heartbeat_at, d.lease FROM {daemons} d WHERE d.id = left(right(h.prefix, 33), 32)::uuid LIMIT 1) d ON true
