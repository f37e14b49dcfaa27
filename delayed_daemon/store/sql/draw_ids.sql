-- Draws %(count)s ids for rows that copy.sql is to insert, and tells each moment given (a time, or seconds from
-- now) as COPY reads it and in seconds since 1970. No row where COPY would not do what INSERT does: with
-- triggers, whose changes INSERT would tell; under row security; for a role that may not name an id.
-- Race: a sequence gives no id twice. Index: none needed.
WITH copying AS MATERIALIZED (
  SELECT pg_get_serial_sequence({jobs_name}, 'id')::regclass AS ids FROM pg_class c
  WHERE c.oid = {jobs_name}::regclass AND NOT c.relhastriggers AND NOT row_security_active(c.oid)
    AND has_column_privilege(c.oid, 'id', 'INSERT')
    AND has_sequence_privilege(pg_get_serial_sequence({jobs_name}, 'id'), 'USAGE')
), moment AS (
  SELECT g.position, coalesce(g.at, now() + make_interval(secs => coalesce(g.delay, 0))) AS at
  FROM unnest(%(ats)s::timestamptz[], %(delays)s::float8[]) WITH ORDINALITY AS g(at, delay, position)
)
SELECT ARRAY(SELECT nextval(copying.ids) FROM generate_series(1, %(count)s::int)),
       (SELECT array_agg(to_char(m.at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US"+00" BC') ORDER BY m.position)
        FROM moment m),
       (SELECT array_agg(extract(epoch FROM m.at)::float8 ORDER BY m.position) FROM moment m)
FROM copying
