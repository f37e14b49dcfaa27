-- Renews a daemon's lease and publishes its snapshot; returns the database's time (seconds since 1970), or
-- nothing when the row is gone or the lease has lapsed: then its jobs may be somebody else's already.
-- Race: see rescue.sql. Index: primary key of {daemons}.
UPDATE {daemons} d
SET heartbeat_at = clock_timestamp(), snapshot = %(snapshot)s::jsonb, idle = %(idle)s::boolean
WHERE d.id = %(id)s::uuid AND d.heartbeat_at + d.lease >= clock_timestamp()
RETURNING extract(epoch FROM clock_timestamp())::float8
