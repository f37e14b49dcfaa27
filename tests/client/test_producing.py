"""What the producing side puts into the table: options, hooks, many at once, from threads and forked children."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from delayed_daemon import Job, SerializationError, delay, enqueue, enqueue_many
from delayed_daemon.client.connections import connections
from tests.client import forking
from tests.client.letters import Letter
from tests.servers import Database

ROOT = Path(__file__).parents[2]
LATER = datetime(2199, 1, 2, 3, 4, 5, tzinfo=UTC)


def rows(table: Database) -> list[dict[str, Any]]:
    cursor = table.connect().cursor(row_factory=dict_row)
    return cursor.execute("SELECT *, xmin::text AS written_by FROM delayed_jobs ORDER BY id").fetchall()


class Press:
    def print_out(self, copies: int) -> None:
        pass


@dataclass
class Moved(Letter):
    """Changes, when it is enqueued, how it is stored."""

    def enqueue(self, job: Job) -> None:
        job.queue, job.priority, job.run_at = "moved", 42, LATER
        self.text = "changed by the hook"


@dataclass
class Reluctant(Letter):
    def enqueue(self, job: Job) -> None:
        if self.text == "no":
            raise PermissionError("not today")


def test_delay_hands_its_options_to_the_row(table: Database) -> None:
    with psycopg.connect(table.url) as connection:
        options = {"queue": "press", "priority": -7, "run_at": LATER, "connection": connection}
        job = delay(Press(), **options).print_out(3)
        assert rows(table) == []
    [row] = rows(table)
    assert (row["id"], row["queue"], row["priority"], row["run_at"]) == (job.id, "press", -7, LATER)
    assert "Press.print_out" in row["handler"]


def test_delay_takes_seconds_and_timedeltas_from_the_database_s_now(table: Database) -> None:
    before = datetime.now(UTC)
    delay(Press(), run_at=3600).print_out(1)
    delay(Press(), run_at=timedelta(hours=2)).print_out(copies=2)
    assert all(
        timedelta(seconds=-60) < row["run_at"] - before - timedelta(hours=hours) < timedelta(seconds=60)
        for hours, row in zip((1, 2), rows(table), strict=True)
    )


def test_the_enqueue_hook_may_change_queue_priority_time_and_the_job_itself(table: Database) -> None:
    job = enqueue(Moved("as given"), queue="given", priority=1, run_at=5)
    enqueue_many([Moved("as given")], queue="given")
    assert (job.queue, job.priority, job.run_at) == ("moved", 42, LATER)
    for row in rows(table):
        assert (row["queue"], row["priority"], row["run_at"]) == ("moved", 42, LATER)
        assert "changed by the hook" in row["handler"]


def test_an_enqueue_hook_that_raises_stops_the_enqueuing(table: Database) -> None:
    with pytest.raises(PermissionError, match="not today"):
        enqueue(Reluctant("no"))
    with pytest.raises(PermissionError, match="not today"):
        enqueue_many([Reluctant("yes"), Reluctant("no"), Reluctant("yes")])
    assert rows(table) == []
    enqueue(Reluctant("yes"))
    assert len(rows(table)) == 1


def test_enqueue_many_is_one_statement_in_the_order_given(table: Database) -> None:
    texts = [f"letter-{number:03}" for number in range(300)]
    jobs = enqueue_many(map(Letter, texts), queue="post", priority=3)
    written = rows(table)
    assert [row["id"] for row in written] == [job.id for job in jobs]
    assert all(text in row["handler"] for text, row in zip(texts, written, strict=True))
    assert {(row["queue"], row["priority"]) for row in written} == {("post", 3)}
    assert len({row["written_by"] for row in written}) == 1


def test_enqueue_many_with_one_bad_job_leaves_none(table: Database) -> None:
    with pytest.raises(SerializationError):
        enqueue_many([Letter("a"), Letter(threading.Lock()), Letter("b")])  # type: ignore[arg-type]
    assert rows(table) == []


def test_enqueue_many_of_which_the_database_refuses_one_leaves_none(table: Database) -> None:
    table.connect().execute("ALTER TABLE delayed_jobs ADD CHECK (handler NOT LIKE '%refused%')")
    with pytest.raises(psycopg.errors.CheckViolation):
        enqueue_many([Letter("a"), Letter("refused"), Letter("b")])
    assert rows(table) == []
    enqueue(Letter("afterwards"))
    assert len(rows(table)) == 1


def test_threads_enqueue_at_once_each_with_a_session_of_its_own(table: Database) -> None:
    together = threading.Barrier(8, timeout=60)
    backends: list[int] = []
    ids: list[int | None] = []
    errors: list[BaseException] = []

    def produce(thread: int) -> None:
        try:
            together.wait()
            ids.extend(enqueue(Letter(f"{thread}-{number}")).id for number in range(25))
            backends.append(connections.get().info.backend_pid)
            together.wait()
        except BaseException as error:
            errors.append(error)
            together.abort()
        finally:
            connections.drop()

    threads = [threading.Thread(target=produce, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert len(set(backends)) == 8
    assert sorted(row["id"] for row in rows(table)) == sorted(number for number in ids if number is not None)
    assert len(ids) == 200


@pytest.mark.parametrize("ending", ["returns", "_exit"])
def test_a_forked_child_has_a_session_of_its_own_and_leaves_the_parent_s_alone(table: Database, ending: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.client.forking", table.url, table.schema, ending],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert said["status"] == 0
    assert said["before"] == said["meanwhile"] == said["after"] != said["child"]
    texts = [row["handler"].split('"')[3] for row in rows(table)]
    expected = [f"{who}-{number}" for who in ("parent", "child") for number in range(forking.EACH)]
    assert sorted(texts) == sorted(["before", "after", *expected])
