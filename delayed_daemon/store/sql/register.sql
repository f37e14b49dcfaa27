-- Inserts a daemon's row, its lease beginning now; returns the database's time (seconds since 1970). The same
-- start again (its first reply was lost) renews it; a lapsed one is not brought back, and nothing is returned.
-- Index: primary key of {daemons}.
INSERT INTO {daemons} AS d (id, name, host, pid, boot_id, version, queues, min_priority, max_priority, workers,
                            lease, started_at, heartbeat_at)
VALUES (%(id)s::uuid, %(name)s::text, %(host)s::text, %(pid)s::int, %(boot_id)s::text, %(version)s::text,
        %(queues)s::text[], %(min_priority)s::int, %(max_priority)s::int, %(workers)s::int,
        make_interval(secs => %(lease)s::float8), clock_timestamp(), clock_timestamp())
ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp()
WHERE d.heartbeat_at + d.lease >= clock_timestamp()
RETURNING extract(epoch FROM clock_timestamp())::float8
