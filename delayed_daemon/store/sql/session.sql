-- Pins what the plans, the texts and the waiting of this session depend on, whatever the role or the
-- database has set, and says whether this server can be written to.
-- The scans are pinned because a small analyzed table would else be hash joined over a sequential scan
-- in every claim, and such a plan would be kept when the table has grown. enable_sort stays on: the
-- sort of the queue heads cannot be avoided. Settings that this server does not know are passed over.
SELECT current_setting('transaction_read_only') = 'on' AS read_only, pg_is_in_recovery() AS in_recovery,
       count(set_config(s.name, s.setting, false)) AS settings
FROM (VALUES
  ('jit', 'off'),
  ('enable_seqscan', 'off'), ('enable_bitmapscan', 'off'), ('enable_hashjoin', 'off'), ('enable_mergejoin', 'off'),
  ('enable_indexscan', 'on'), ('enable_indexonlyscan', 'on'), ('enable_tidscan', 'on'),
  ('enable_nestloop', 'on'), ('enable_sort', 'on'),
  ('max_parallel_workers_per_gather', '0'),
  ('plan_cache_mode', 'force_generic_plan'),
  ('default_transaction_isolation', 'read committed'),
  ('DateStyle', 'ISO, YMD'), ('IntervalStyle', 'postgres'), ('TimeZone', 'UTC'),
  ('statement_timeout', '60s'), ('lock_timeout', '5s'),
  ('idle_in_transaction_session_timeout', '60s'), ('idle_session_timeout', '0'), ('transaction_timeout', '0')
) AS s(name, setting)
WHERE current_setting(s.name, true) IS NOT NULL
