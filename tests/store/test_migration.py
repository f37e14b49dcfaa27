from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from delayed_daemon.errors import SchemaMissing, SchemaTooNew
from delayed_daemon.store.connection import Connection, connect
from delayed_daemon.store.enqueue import NewJob
from delayed_daemon.store.migration import check, migrate, migrations, pending, sql
from delayed_daemon.store.queue import JobQueue
from tests.servers import Database, superuser_url
from tests.store.sessions import in_background, wait_until_blocked


@pytest.fixture
def connection(database: Database):
    with connect(database.url, application_name="delayed-daemon test") as connection:
        yield connection


def test_an_empty_database_is_brought_up_to_date_once(connection, database):
    assert pending(connection, database.schema) == list(migrations())
    assert migrate(connection, database.schema) == list(migrations())
    check(connection, database.schema)
    assert pending(connection, database.schema) == []
    assert migrate(connection, database.schema) == []
    JobQueue(connection, database.schema).enqueue(NewJob("h", "q"))


def test_the_migrations_are_numbered_without_a_gap():
    assert [migration.version for migration in migrations()] == list(range(1, len(migrations()) + 1))
    assert str(migrations()[0]) == "0001 jobs_and_daemons"


def test_missing_tables_are_an_error_that_says_what_to_do(connection, database):
    with pytest.raises(SchemaMissing, match="delayed-daemon migrate"):
        check(connection, database.schema)
    connection.execute(f"CREATE SCHEMA {database.schema}")
    with pytest.raises(SchemaMissing):
        check(connection, database.schema)


def test_tables_of_a_newer_version_are_an_error(connection, database):
    migrate(connection, database.schema)
    connection.execute(f"INSERT INTO {database.schema}.delayed_migrations VALUES (9999, 'from the future')")
    for act in (check, pending, migrate):
        with pytest.raises(SchemaTooNew, match="9999"):
            act(connection, database.schema)


def test_two_daemons_that_start_at_once_migrate_once(database):
    together = threading.Barrier(4)

    def start() -> int:
        with connect(database.url, application_name="delayed-daemon test") as connection:
            together.wait()
            return len(migrate(connection, database.schema))

    with ThreadPoolExecutor(4) as threads:
        applied = [future.result() for future in [threads.submit(start) for _ in range(4)]]
    assert sum(applied) == len(migrations())


@contextmanager
def _migrating(database: Database) -> Iterator[Connection]:
    """A session that has migrated, has not committed, and will not."""
    with connect(database.url, application_name="delayed-daemon test") as other, other.transaction(force_rollback=True):
        migrate(other, database.schema)
        yield other


def test_a_migration_waits_for_another_and_then_does_what_is_left(connection, database):
    with _migrating(database) as other, in_background(lambda: migrate(connection, database.schema)) as waiting:
        wait_until_blocked(other, connection)
        other.execute("ROLLBACK")
        assert waiting.result() == list(migrations())


def test_a_migration_that_gets_no_lock_gives_up_after_its_patience(connection, database):
    with _migrating(database), pytest.raises(psycopg.errors.LockNotAvailable):
        migrate(connection, database.schema, patience_seconds=0.0)
    assert pending(connection, database.schema) == list(migrations())


def test_nothing_is_left_of_a_migration_that_failed(connection, database):
    connection.execute(f"CREATE SCHEMA {database.schema}")
    connection.execute(f"CREATE TABLE {database.schema}.delayed_daemons ()")
    with pytest.raises(psycopg.errors.DuplicateTable):
        migrate(connection, database.schema)
    assert pending(connection, database.schema) == list(migrations())
    tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [database.schema]).fetchall()
    assert tables == [("delayed_daemons",)]


def test_a_role_that_may_create_nothing_can_check_and_migrate_what_is_up_to_date(server, connection, database):
    migrate(connection, database.schema)
    role = f"worker_{database.schema}"
    with psycopg.connect(superuser_url(server), autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {role}")
        admin.execute(f"GRANT USAGE ON SCHEMA {database.schema} TO {role}")
        admin.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {database.schema} TO {role}")
        admin.execute(f"GRANT {role} TO delayed")
        try:
            connection.execute(f"SET ROLE {role}")
            check(connection, database.schema)
            assert migrate(connection, database.schema) == []
        finally:
            admin.execute(f"DROP OWNED BY {role}")
            admin.execute(f"DROP ROLE {role}")


def test_the_printed_script_makes_the_same_tables_and_can_be_run_again(connection, database):
    script = sql(database.schema)
    for _ in range(2):
        connection.execute(script, prepare=False)
    check(connection, database.schema)
    assert migrate(connection, database.schema) == []
    JobQueue(connection, database.schema).enqueue(NewJob("h", "q"))


def test_a_schema_name_is_always_quoted(database):
    name = f'{database.schema}"; DROP TABLE x'
    assert f'"{database.schema}""; DROP TABLE x"."delayed_jobs"' in sql(name)


def test_names_of_constraints_and_indexes_do_not_change(connection, database):
    migrate(connection, database.schema)
    indexes = connection.execute("SELECT indexname FROM pg_indexes WHERE schemaname = %s", [database.schema]).fetchall()
    assert {name for (name,) in indexes} == {
        "delayed_jobs_pkey",
        "delayed_jobs_ready",
        "delayed_jobs_locked",
        "delayed_jobs_held",
        "delayed_jobs_failed",
        "delayed_daemons_pkey",
        "delayed_migrations_pkey",
    }
