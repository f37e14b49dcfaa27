-- The ids of the jobs of these states that were asked for, in order, as one array: at most %(limit)s (NULL: all).
-- Index: of the states asked for, each its own: delayed_jobs_ready, _locked, _failed, _held; none with a sort.
WITH found AS MATERIALIZED (
  SELECT j.id FROM {jobs} j
  WHERE ('ready' = ANY (%(states)s::text[]) OR 'scheduled' = ANY (%(states)s::text[])) AND {waiting}
    AND {state} = ANY (%(states)s::text[]) AND {chosen}
  UNION ALL
  SELECT j.id FROM {jobs} j WHERE 'locked' = ANY (%(states)s::text[]) AND {locked} AND {chosen}
  UNION ALL
  SELECT j.id FROM {jobs} j WHERE 'failed' = ANY (%(states)s::text[]) AND {failed} AND {chosen}
  UNION ALL
  SELECT j.id FROM {jobs} j WHERE 'held' = ANY (%(states)s::text[]) AND {held} AND {chosen}
)
SELECT array(SELECT f.id FROM found f ORDER BY f.id LIMIT %(limit)s::bigint)
