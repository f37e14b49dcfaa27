from __future__ import annotations

import json

import pytest


@pytest.fixture
def states(migrated):
    """The id of one job in each state, by state; in the queue ``mail`` a failed one more."""

    def insert(columns: str, values: str) -> int:
        with migrated.connect() as connection:
            statement = (
                f"INSERT INTO delayed_jobs (handler{columns}) VALUES ('!job:shop.Mail {{}}'{values}) RETURNING id"
            )
            return connection.execute(statement).fetchone()[0]

    return {
        "ready": insert("", ""),
        "scheduled": insert(", run_at", ", now() + interval '1 day'"),
        "failed": insert(", failed_at", ", now()"),
        "held": insert(", held_until", ", now() + interval '1 day'"),
        "locked": insert(", locked_by", ", 'host:1'"),
        "mail": insert(", queue, failed_at", ", 'mail', now()"),
    }


def left(migrated) -> list[int]:
    with migrated.connect() as connection:
        return [row[0] for row in connection.execute("SELECT id FROM delayed_jobs ORDER BY id").fetchall()]


def test_everything_goes_but_what_a_worker_has(on_database, migrated, states):
    ended = on_database("clear", "--yes")
    assert (ended.code, ended.out) == (1, "Clear: 5 jobs.\n")
    assert "1 left, which workers have" in ended.err
    assert left(migrated) == [states["locked"]]


def test_only_the_queue_that_was_named_is_cleared(on_database, migrated, states):
    ended = on_database("clear", "--queue", "mail", "--yes", "--json")
    assert (ended.code, json.loads(ended.out)["jobs"]) == (0, [states["mail"]])
    assert left(migrated) == [id for state, id in states.items() if state != "mail"]


def test_nothing_goes_where_nobody_can_be_asked(on_database, migrated, states):
    ended = on_database("clear")
    assert (ended.code, "add --yes" in ended.err) == (2, True)
    assert len(left(migrated)) == len(states)


def test_an_empty_table_is_clear(on_database, migrated):
    ended = on_database("clear", "--yes")
    assert (ended.code, ended.out) == (0, "Clear: 0 jobs.\n")
