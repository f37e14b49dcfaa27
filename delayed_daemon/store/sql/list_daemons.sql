-- The daemons on this database, with what each said at its last heartbeat; "lapsed" by the database's clock.
-- Index: none needed, a row for each daemon.
SELECT d.id, d.name, d.host, d.pid, d.version, d.queues, d.min_priority, d.max_priority, d.workers, d.idle,
       d.heartbeat_at + d.lease < clock_timestamp() AS lapsed,
       extract(epoch FROM clock_timestamp() - d.started_at)::float8 AS uptime_seconds,
       extract(epoch FROM clock_timestamp() - d.heartbeat_at)::float8 AS heartbeat_age_seconds,
       extract(epoch FROM d.lease)::float8 AS lease_seconds, d.snapshot
FROM {daemons} d ORDER BY d.name, d.started_at, d.id
