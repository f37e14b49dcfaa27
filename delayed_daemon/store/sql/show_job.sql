-- All there is to know about one job, with the lease behind its claim, if there is one. Times as text.
-- Index: primary key; {daemons} has a row for each daemon.
SELECT j.id, {state} AS state, j.queue, j.priority, j.attempts, j.crashes, j.suspect, j.holds,
       j.run_at::text, j.created_at::text, j.updated_at::text, j.failed_at::text, j.expires_at::text,
       j.locked_at::text, j.locked_by, j.held_until::text, j.held_reason, j.handler, j.last_error, j.errors,
       CASE WHEN j.locked_by IS NOT NULL THEN EXISTS (
         SELECT FROM {daemons} d WHERE d.heartbeat_at + d.lease >= clock_timestamp()
           AND replace(d.id::text, '-', '') = substring(j.locked_by FROM '/([0-9a-f]{{32}})/')) END AS holder_lives
FROM {jobs} j WHERE j.id = %(id)s::bigint
