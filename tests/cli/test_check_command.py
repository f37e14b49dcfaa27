from __future__ import annotations

import json

import pytest


@pytest.fixture
def insert(migrated):
    def jobs(queue: str, run_at: str, **columns: str) -> None:
        names = ", ".join(["handler", "queue", "run_at", *columns])
        values = ", ".join(["'!job:app.X {}'", f"'{queue}'", run_at, *columns.values()])
        with migrated.connect() as connection:
            connection.execute(f"INSERT INTO delayed_jobs ({names}) VALUES ({values})")

    return jobs


def test_nothing_ready_is_fine(on_database, insert):
    insert("later", "now() + interval '1 h'")
    insert("failed", "now() - interval '1 h'", failed_at="now()")
    insert("locked", "now() - interval '1 h'", locked_by="'host:1'")
    insert("held", "now() - interval '1 h'", held_until="now() + interval '1 h'")
    ended = on_database("check")
    assert (ended.code, ended.out) == (0, "No job is ready.\n")


def test_the_exit_code_says_whether_the_oldest_ready_job_waits_too_long(on_database, insert):
    insert("mail", "now() - interval '10 s'", priority="-5")
    insert("mail", "now() - interval '4 min'", priority="3")
    insert("images", "now() - interval '2 min'")
    fine = on_database("check")
    assert fine.code == 0
    assert "job, 2 in queue mail, has waited for 4m " in fine.out
    late = on_database("check", "--max-age", "3m")
    assert late.code == 1
    assert late.out.endswith(": longer than 3m 0s.\n")
    document = json.loads(on_database("check", "--max-age", "60", "--json").out)
    assert document == {
        "fine": False,
        "max_age_seconds": 60.0,
        "oldest_ready_seconds": document["oldest_ready_seconds"],
        "job": 2,
        "queue": "mail",
    }
    assert 240 <= document["oldest_ready_seconds"] < 900


def test_what_is_no_duration_is_a_usage_error(on_database, migrated):
    ended = on_database("check", "--max-age", "soon")
    assert ended.code == 2
    assert "'soon' is not a duration" in ended.err
