-- The beginning of the handlers of some jobs, for the names in them; jobs that are gone are left out.
-- Index: primary key.
SELECT j.id, left(j.handler, 1000) FROM {jobs} j WHERE j.id = ANY (%(ids)s::bigint[])
