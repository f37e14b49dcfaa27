from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg

from delayed_daemon.store.migration import migrations

NEWEST = migrations()[-1].version


def tables(database):
    with database.connect() as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [database.schema])
        return {name for (name,) in rows}


def test_makes_the_tables_and_says_so_then_finds_nothing_to_do(on_database, database):
    done = f"schema {database.schema} is up to date (version {NEWEST})"
    first, second = on_database("migrate"), on_database("migrate")
    assert (first.code, second.code) == (0, 0)
    assert first.out.splitlines() == [*(f"applied {each}" for each in migrations()), done]
    assert second.out.splitlines() == [done]
    assert {"delayed_jobs", "delayed_daemons"} <= tables(database)


def test_twice_at_the_same_time_does_no_harm(on_database, database):
    with ThreadPoolExecutor(2) as both:
        ended = list(both.map(lambda _: on_database("migrate"), range(2)))
    assert [each.code for each in ended] == [0, 0]
    assert sum(each.out.count("applied") for each in ended) == len(migrations())


def test_prints_a_script_without_a_database(command, database):
    ended = command("migrate", "--sql", "--schema", database.schema, "--database-url", "postgresql://nowhere.invalid/x")
    assert ended.code == 0
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(ended.out)
    assert {"delayed_jobs", "delayed_daemons"} <= tables(database)


def test_refuses_tables_of_a_newer_version(on_database, database):
    on_database("migrate")
    with database.connect() as connection:
        connection.execute("UPDATE delayed_migrations SET version = version + 1000")
    ended = on_database("migrate")
    assert ended.code == 3
    assert "newer" in ended.err


def test_without_a_database_url_uses_the_embedded_server_and_stops_it_after_the_last_user(command, data_dir):
    ended = command("migrate", "--data-dir", data_dir)
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[-1] == f"schema public is up to date (version {NEWEST})"
    ended = command("status", "--data-dir", data_dir)
    assert ended.code == 0
    assert ended.out == f"The embedded PostgreSQL in {data_dir} is not running, so no daemon is.\n"
