-- Says whether a worker of this daemon is idle, which is when enqueuers notify.
-- Index: primary key of {daemons}.
UPDATE {daemons} d SET idle = %(idle)s::boolean
WHERE d.id = %(id)s::uuid AND d.idle IS DISTINCT FROM %(idle)s::boolean
