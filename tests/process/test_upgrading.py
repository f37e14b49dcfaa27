"""A database at version 1 under a running daemon is brought to version 2."""

from __future__ import annotations

import pytest
from chores import Note

from delayed_daemon import configure, enqueue, enqueue_many
from delayed_daemon.store import migration
from delayed_daemon.store.connection import connect
from tests.process.daemons import Site, exactly_once
from tests.servers import Database


def back_to_version_1(site: Site) -> None:
    """What a daemon of then has started with. It looks at the version only when it starts."""
    with connect(site.database.url, application_name="test") as connection:
        connection.execute(f"DROP FUNCTION {site.database.schema}.delayed_enqueue".encode())
        connection.execute(f"DELETE FROM {site.database.schema}.delayed_migrations WHERE version > 1".encode())


def test_a_schema_of_version_1_with_jobs_in_it_gains_the_function(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = migration.migrations()[:1]
    with connect(database.url, application_name="test") as connection:
        with monkeypatch.context() as patch:
            patch.setattr(migration, "migrations", lambda: first)
            migration.migrate(connection, database.schema)
        configure(database_url=database.url, schema=database.schema)
        job = enqueue(Note("ledger", "kept"))
        assert [each.version for each in migration.migrate(connection, database.schema)][:1] == [2]
        query = f"SELECT id, {database.schema}.delayed_enqueue('chores.Note') FROM {database.schema}.delayed_jobs"
        [(kept, added)] = connection.execute(query.encode()).fetchall()
        assert kept == job.id != added


def test_the_upgrade_disturbs_no_running_daemon_and_a_new_one_waits_for_it(site: Site) -> None:
    old = site.start()
    back_to_version_1(site)
    lines = [f"n{number}" for number in range(600)]
    enqueue_many([Note(site.ledger, line) for line in lines[:300]])
    refused = site.run("start", *site.options())
    assert refused.returncode == 3
    assert 'lack 0002 enqueue_function: run "delayed-daemon migrate"' in refused.stderr
    for line in lines[300:400]:
        enqueue(Note(site.ledger, line))
    site.migrate()
    new = site.start()
    enqueue_many([Note(site.ledger, line) for line in lines[400:]])
    site.await_empty()
    exactly_once(site.lines(), lines)
    assert (old.leave(), new.leave()) == (0, 0)
    assert old.events("database.failed") == []
