-- Deletes the rows of daemons whose lease has lapsed and that have no locked job left.
-- Race: a heartbeat that comes first saves its row, since the condition is judged on the row's newest
-- version; a row that is being renewed or rescued is left alone (SKIP LOCKED).
-- Index: primary key of {daemons}, delayed_jobs_locked.
DELETE FROM {daemons} d
WHERE d.id IN (
  SELECT l.id FROM {daemons} l
  WHERE l.heartbeat_at + l.lease < clock_timestamp()
    AND NOT EXISTS (
      SELECT FROM {jobs} j
      WHERE j.locked_by >= format('%%s:%%s/%%s/', l.name, l.pid, replace(l.id::text, '-', ''))
        AND j.locked_by < format('%%s:%%s/%%s0', l.name, l.pid, replace(l.id::text, '-', '')))
  FOR UPDATE SKIP LOCKED)
