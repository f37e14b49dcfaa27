-- Deletes the row of a daemon whose lease has lapsed and that has no locked job left.
-- Race: a heartbeat that comes first saves it, since the condition is judged on the row's newest version.
-- Index: primary key of {daemons}, delayed_jobs_locked.
DELETE FROM {daemons} d
WHERE d.id = %(id)s::uuid AND d.heartbeat_at + d.lease < clock_timestamp()
  AND NOT EXISTS (
    SELECT FROM {jobs} j
    WHERE j.locked_by >= format('%%s:%%s/%%s/', d.name, d.pid, replace(d.id::text, '-', ''))
      AND j.locked_by < format('%%s:%%s/%%s0', d.name, d.pid, replace(d.id::text, '-', '')))
