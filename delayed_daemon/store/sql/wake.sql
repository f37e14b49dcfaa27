-- Notifies once, at the end of the transaction: always, never, or only while a living daemon has an idle
-- worker, as enqueue.sql does. Asked after the rows are there, since a worker may become idle meanwhile.
-- Index: none needed; {daemons} has a row for each daemon.
SELECT pg_notify('delayed_jobs', %(payload)s::text)
WHERE %(wake)s::text = 'always' OR (%(wake)s::text = 'when_idle' AND EXISTS (
  SELECT FROM {daemons} d WHERE d.idle AND d.heartbeat_at + d.lease >= clock_timestamp()))
