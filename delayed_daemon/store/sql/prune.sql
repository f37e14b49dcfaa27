-- Deletes jobs that failed more than %(keep)s seconds ago, the oldest first: at most %(limit)s.
-- Race: one that is reset meanwhile stays, since the condition is judged again on the row's newest version;
-- of several daemons each skips what another is deleting. Waits for nobody (SKIP LOCKED).
-- Index: delayed_jobs_failed, from its start.
WITH old AS MATERIALIZED (
  SELECT j.ctid FROM {jobs} j
  WHERE j.failed_at < now() - make_interval(secs => %(keep)s::float8) AND j.locked_by IS NULL
  ORDER BY j.failed_at LIMIT %(limit)s::bigint FOR UPDATE SKIP LOCKED
)
DELETE FROM {jobs} j USING old WHERE j.ctid = old.ctid
