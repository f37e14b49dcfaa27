-- How many jobs failed more than %(keep)s seconds ago: what prune.sql would delete, given time.
-- Index: delayed_jobs_failed, as many entries as it counts.
SELECT count(*) FROM {jobs} j
WHERE j.failed_at < now() - make_interval(secs => %(keep)s::float8) AND j.locked_by IS NULL
