-- Deletes the jobs that were performed: parallel arrays of id and claim number, all of one worker.
-- Race: a job whose claim was lost, even to a later claim of the same worker, is not touched, since
-- locked_by ends in a claim number that is never used again.
-- Index: primary key, and only it: hence coalesce, from which the planner cannot conclude that
-- delayed_jobs_locked would serve, where each row would read its whole batch, or all that is locked.
DELETE FROM {jobs} j
USING unnest(%(ids)s::bigint[], %(claims)s::bigint[]) AS done(id, claim)
WHERE j.id = done.id AND coalesce(j.locked_by, '') = %(worker)s::text || done.claim::text
