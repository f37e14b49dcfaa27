from __future__ import annotations

import threading

import psycopg
import pytest

from delayed_daemon.maintenance.retention import Retention
from delayed_daemon.store.connection import connect
from delayed_daemon.store.migration import migrate
from delayed_daemon.store.upkeep import Upkeep
from tests.servers import Database

DAY = 86400.0


@pytest.fixture
def table(database: Database):
    """A migrated schema, with jobs that failed 0 to 4 days (and an hour) ago, and one that is locked again."""
    with connect(database.url, application_name="test") as session:
        migrate(session, database.schema)
        session.execute(f"SET search_path TO {database.schema}")
        session.execute(
            "INSERT INTO delayed_jobs (handler, queue, failed_at)"
            " SELECT '!job:shop.Mail {}', 'd' || n, now() - n * interval '1 day' - interval '1 hour'"
            " FROM generate_series(0, 4) n"
        )
        session.execute("INSERT INTO delayed_jobs (handler, queue) VALUES ('!job:shop.Mail {}', 'waiting')")
        session.execute(
            "INSERT INTO delayed_jobs (handler, queue, failed_at, locked_by)"
            " VALUES ('!job:shop.Mail {}', 'locked', now() - interval '9 days', 'somebody')"
        )
        yield session


def queues(session):
    return [row[0] for row in session.execute("SELECT queue FROM delayed_jobs ORDER BY queue")]


def test_deletes_what_failed_long_enough_ago_and_nothing_else(table, database):
    upkeep = Upkeep(table, database.schema)
    assert upkeep.count_prunable(2 * DAY) == 3
    assert upkeep.prune(2 * DAY, 100) == 3
    assert queues(table) == ["d0", "d1", "locked", "waiting"]
    assert upkeep.prune(2 * DAY, 100) == 0


def test_the_oldest_go_first_and_no_more_than_asked_for(table, database):
    assert Upkeep(table, database.schema).prune(0.0, 2) == 2
    assert queues(table) == ["d0", "d1", "d2", "locked", "waiting"]


def test_a_job_that_is_being_reset_is_not_waited_for_and_stays(table, database):
    with psycopg.connect(database.url) as person:
        person.execute(f"UPDATE {database.schema}.delayed_jobs SET failed_at = NULL WHERE queue = 'd4'")
        assert Upkeep(table, database.schema).prune(0.0, 100) == 4
        person.commit()
    assert queues(table) == ["d4", "locked", "waiting"]


def test_several_at_once_delete_each_job_once(table, database):
    table.execute(
        "INSERT INTO delayed_jobs (handler, failed_at) SELECT '!job:shop.Mail {}', now() - interval '9 days'"
        " FROM generate_series(1, 500)"
    )
    counts = []

    def prune():
        with connect(database.url, application_name="test") as session:
            while count := Upkeep(session, database.schema).prune(8 * DAY, 50):
                counts.append(count)

    threads = [threading.Thread(target=prune) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(counts) == 500
    assert len(queues(table)) == 7


def test_retention_survives_a_row_that_something_refers_to(table, database):
    table.execute("CREATE TABLE notes (job bigint REFERENCES delayed_jobs (id))")
    table.execute("INSERT INTO notes SELECT id FROM delayed_jobs WHERE queue = 'd4'")
    retention, upkeep = Retention(2 * DAY), Upkeep(table, database.schema)
    retention.prune(upkeep)
    assert len(queues(table)) == 7
    table.execute("DELETE FROM notes")
    retention.prune(upkeep)
    assert queues(table) == ["d0", "d1", "locked", "waiting"]


def test_without_the_setting_nothing_is_ever_deleted(table, database):
    Retention(None).prune(Upkeep(table, database.schema))
    assert len(queues(table)) == 7
