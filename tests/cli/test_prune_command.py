from __future__ import annotations

import json

import psycopg
import pytest


@pytest.fixture
def failed(migrated):
    """Ten jobs, failed one to ten days ago."""
    with psycopg.connect(migrated.url, autocommit=True) as session:
        session.execute(f"SET search_path TO {migrated.schema}")
        session.execute(
            "INSERT INTO delayed_jobs (handler, failed_at) SELECT '!job:app.Newsletter {}', now() - n * interval '1 day'"
            " FROM generate_series(1, 10) n"
        )
        yield lambda: session.execute("SELECT count(*) FROM delayed_jobs").fetchone()[0]


def test_deletes_what_is_older(on_database, failed):
    ended = on_database("prune", "--older-than", "5d")
    assert (ended.code, ended.out, ended.err) == (0, "deleted: 6 jobs that failed 5d ago or more\n", "")
    assert failed() == 4


def test_a_dry_run_counts_and_deletes_nothing(on_database, failed):
    ended = on_database("prune", "--older-than", "5d", "--dry-run", "--json")
    assert json.loads(ended.out) == {"count": 6, "dry_run": True, "older_than_seconds": 432000.0}
    assert failed() == 10


def test_the_setting_counts_unless_older_than_is_given(on_database, failed):
    assert "deleted: 2 jobs" in on_database("prune", DELAYED_DAEMON_KEEP_FAILED="9d").out
    assert "deleted: 0 jobs" in on_database("prune", "--older-than", "9d", DELAYED_DAEMON_KEEP_FAILED="1d").out
    assert failed() == 8


def test_without_an_age_it_deletes_nothing_and_says_what_to_give(on_database, failed):
    ended = on_database("prune")
    assert ended.code == 2
    assert ended.complaints == [
        "delayed-daemon: failed jobs are kept for ever; say how old they must be: --older-than 30d"
    ]
    assert failed() == 10
