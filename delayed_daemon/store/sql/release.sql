-- Gives claimed jobs back without counting the attempt: parallel arrays of id and token. With %(suspect)s
-- they were in hand, among others, when their worker died. Wakes a daemon as enqueue.sql does.
-- Race: touches no job whose claim was lost (id and locked_by). Index: primary key (coalesce: see complete.sql).
WITH released AS (
  UPDATE {jobs} j
  SET attempts = greatest(j.attempts - 1, 0), suspect = j.suspect OR %(suspect)s::boolean,
      locked_by = NULL, locked_at = NULL, updated_at = now()
  FROM unnest(%(ids)s::bigint[], %(tokens)s::text[]) AS given(id, token)
  WHERE j.id = given.id AND coalesce(j.locked_by, '') = given.token
  RETURNING 1
), wake AS MATERIALIZED (
  SELECT pg_notify('delayed_jobs', %(payload)s::text)
  WHERE EXISTS (SELECT FROM released)
    AND (%(wake)s::text = 'always' OR (%(wake)s::text = 'when_idle' AND EXISTS (
      SELECT FROM {daemons} d WHERE d.idle AND d.heartbeat_at + d.lease >= clock_timestamp())))
)
SELECT (SELECT count(*) FROM released), (SELECT count(*) FROM wake)
