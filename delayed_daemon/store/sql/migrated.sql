-- Whether the schema has a table of migrations. Index: the catalogue's.
SELECT EXISTS (
  SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = %(schema)s::text AND c.relname = 'delayed_migrations')
