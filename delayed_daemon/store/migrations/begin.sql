-- One migration at a time, for each schema; nobody queues behind a waiting one for longer than this.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = 0;
SELECT pg_advisory_xact_lock({lock_key});

DO $migration$
BEGIN
  -- IF NOT EXISTS would ask for the right to create even where nothing is to be created.
  IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = {schema_name}) THEN
    CREATE SCHEMA {schema};
  END IF;
  IF NOT EXISTS (SELECT FROM pg_tables WHERE schemaname = {schema_name} AND tablename = 'delayed_migrations') THEN
    CREATE TABLE {migrations} (
      version    integer     PRIMARY KEY,
      name       text        NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    );
  END IF;
END
$migration$;
