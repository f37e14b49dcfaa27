from __future__ import annotations

import json
import uuid

import pytest

from delayed_daemon.cli.snapshot import rate_in, workers_in
from delayed_daemon.cli.status_text import age
from delayed_daemon.cli.table import table

SNAPSHOT = {
    "workers": [
        {
            "number": 1, "pid": 123, "generation": 17, "state": "performing", "performed": 812, "failed": 3,
            "memory_bytes": 1048576, "executions": [{"job": 99, "name": "app.Newsletter", "since_seconds": 71.5}],
        },
        {"number": 2, "pid": 124, "generation": 18, "state": "idle", "performed": 0, "failed": 0, "executions": []},
    ],
    "rate": 12.5,
}  # fmt: skip


@pytest.fixture
def register(migrated):
    def insert(name: str, snapshot: object, silent_for: str = "0 s", **columns: object) -> None:
        with migrated.connect() as connection:
            connection.execute(
                "INSERT INTO delayed_daemons (id, name, host, pid, boot_id, version, queues, min_priority, workers,"
                " started_at, heartbeat_at, lease, snapshot) VALUES (%s, %s, 'box', 42, 'b', '0.1.0', %s, %s, 2,"
                " now() - interval '2 h', now() - %s::interval, '1 h', %s)",
                [uuid.uuid4(), name, columns.get("queues", []), columns.get("min_priority"), silent_for,
                 json.dumps(snapshot)],
            )  # fmt: skip

    return insert


def test_without_daemons_or_jobs_it_says_so_and_is_fine(on_database, migrated):
    ended = on_database("status")
    assert ended.code == 0
    assert ended.out == "No daemon runs on this database.\n\nNo jobs.\n"
    document = json.loads(on_database("status", "--json").out)
    assert (document["daemons"], document["queues"]) == ([], {})
    assert document["total"]["ready"] == 0


def test_shows_daemons_their_workers_and_the_jobs_in_hand(on_database, register):
    register("web", SNAPSHOT, queues=["mail", "slow"], min_priority=-5)
    register("old", {}, silent_for="3 h")
    lines = on_database("status").out.splitlines()
    rows = [line.split() for line in lines]
    old, web = rows[1], rows[2]
    assert " lapsed, silent for 3h 0m " in lines[1]
    assert old[:3] == ["old", "box", "42"]
    assert web == ["web", "box", "42", "alive", "2h", "0m", "2", "12.5", "mail,slow", "-5..", "0.1.0"]
    assert rows[5] == ["web", "1", "123", "performing", "812", "3", "99", "app.Newsletter", "1m", "11s"]
    assert rows[6] == ["web", "2", "124", "idle", "0", "0", "-", "-", "-"]


def test_counts_the_jobs_of_each_queue_in_each_state(on_database, migrated):
    with migrated.connect() as connection:
        connection.execute(
            "INSERT INTO delayed_jobs (handler, queue, run_at, locked_by, failed_at, held_until) VALUES"
            " ('x', 'mail', now() - interval '90 s', NULL, NULL, NULL), ('x', 'mail', now() + interval '1 h', NULL, NULL, NULL),"
            " ('x', 'mail', now(), 'me', NULL, NULL), ('x', 'slow', now(), NULL, now(), NULL),"
            " ('x', 'slow', now(), NULL, NULL, now())"
        )
    document = json.loads(on_database("status", "--json").out)
    mail, slow = document["queues"]["mail"], document["queues"]["slow"]
    assert 90 <= mail.pop("oldest_ready_seconds") < 300
    assert mail == {"ready": 1, "scheduled": 1, "locked": 1, "failed": 0, "held": 0}
    assert slow == {"ready": 0, "scheduled": 0, "locked": 0, "failed": 1, "held": 1, "oldest_ready_seconds": None}
    rows = [line.split() for line in on_database("status").out.splitlines()]
    assert rows[-3][:6] == ["mail", "1", "1", "1", "0", "0"]
    assert rows[-1][:6] == ["(all)", "1", "1", "1", "1", "1"]


def test_the_json_document_has_stable_keys(on_database, register):
    register("web", SNAPSHOT)
    document = json.loads(on_database("status", "--json").out)
    assert list(document) == ["database", "schema", "daemons", "queues", "total"]
    (daemon,) = document["daemons"]
    assert set(daemon) == {
        "id", "name", "host", "pid", "version", "state", "idle", "queues", "min_priority", "max_priority",
        "uptime_seconds", "heartbeat_age_seconds", "lease_seconds", "rate", "workers_wanted", "workers",
    }  # fmt: skip
    assert daemon["state"] == "alive"
    assert daemon["workers"][0] == SNAPSHOT["workers"][0]
    assert daemon["workers"][1]["memory_bytes"] is None


def test_a_daemon_of_another_version_may_say_less_or_more(on_database, register):
    register("strange", {"workers": [{"pid": "x", "executions": [7, {"name": "a\x1b[2Jb\nc"}]}, 3], "moons": 2})
    ended = on_database("status")
    assert ended.code == 0
    assert "\x1b" not in ended.out
    assert "a\\x1b[2Jb\\nc" in ended.out
    assert json.loads(on_database("status", "--json").out)["daemons"][0]["rate"] is None


def test_a_schema_without_tables_points_at_migrate(on_database):
    ended = on_database("status")
    assert ended.code == 3
    assert "delayed-daemon migrate" in ended.err


def test_an_embedded_server_that_does_not_run_is_not_started(command, data_dir):
    assert f"{data_dir} is not running" in command("status", "--data-dir", data_dir).out
    document = json.loads(command("status", "--json", "--data-dir", data_dir).out)
    assert document == {"database": None, "schema": "public", "daemons": [], "queues": None, "total": None}
    assert not data_dir.exists()


@pytest.mark.parametrize("snapshot", [{}, {"workers": None}, {"workers": {"a": 1}}, {"rate": "fast"}, {"rate": True}])
def test_a_snapshot_without_what_is_expected_is_empty(snapshot):
    assert workers_in(snapshot) == []
    assert rate_in(snapshot) is None


def test_ages_as_people_read_them():
    assert [age(each) for each in (-1, 0.04, 9.94, 10, 59.9, 60, 3599, 3600, 86399, 90000)] == [
        "0.0s", "0.0s", "9.9s", "10s", "59s", "1m 0s", "59m 59s", "1h 0m", "23h 59m", "1d 1h",
    ]  # fmt: skip


def test_tables_are_aligned():
    assert list(table(("NAME", "N"), [("a", 10), ("long", 5), ("x", None)])) == [
        "NAME   N",
        "a     10",
        "long   5",
        "x      -",
    ]
