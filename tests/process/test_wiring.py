"""That an option reaches what it is for: shown by rows, by the log, by what ``status`` and systemd are told."""

from __future__ import annotations

import contextlib
import json
import socket
import tempfile
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from chores import Fail, Gate, Note, Nothing, Pause
from errands import Branch, Endless, LeavesThread, Named, Office, Stubborn

from delayed_daemon import delay, enqueue, enqueue_many, send_later
from tests.process.daemons import Site
from tests.waiting import wait_until

APP = "errands,chores"


def failed_row(site: Site, job_id: int | None) -> dict[str, Any]:
    return wait_until(lambda: (row := site.row(job_id)) and row["failed_at"] and row, "the job has failed")


def test_min_priority_leaves_better_priorities_alone(site: Site) -> None:
    spared = enqueue(Note(site.ledger, "p-1"), priority=-1)
    enqueue(Note(site.ledger, "p0"), priority=0)
    enqueue(Note(site.ledger, "p9"), priority=9)
    daemon = site.start("--min-priority", "0", workers=1)
    wait_until(lambda: site.count() == 1, "the others are performed")
    wait_until(lambda: site.count_idle_daemons() == 1, "the worker found nothing more")
    assert site.lines() == ["p0", "p9"]
    assert [row["id"] for row in site.rows()] == [spared.id]
    assert daemon.leave() == 0


def test_max_attempts_is_for_jobs_that_say_nothing(site: Site) -> None:
    job = enqueue(Stubborn(site.ledger))
    own = enqueue(Fail("once", max_attempts=1))
    daemon = site.start("--max-attempts", "3", app=APP)
    assert failed_row(site, job.id)["attempts"] == 3
    assert failed_row(site, own.id)["attempts"] == 1
    assert site.lines() == ["stubborn"] * 3
    assert [event["attempt"] for event in daemon.events("job.rescheduled", id=job.id)] == [1, 2]
    assert daemon.await_event("job.failed", id=job.id)["attempts"] == 3
    assert daemon.leave() == 0


def test_max_run_time_is_for_jobs_that_say_nothing(site: Site) -> None:
    job = enqueue(Endless(site.ledger))
    daemon = site.start("--max-run-time", "0.5", "--max-attempts", "1", app=APP)
    assert "exceeded max_run_time (0.5 s)" in failed_row(site, job.id)["last_error"]
    assert daemon.leave() == 0


def test_read_ahead_bounds_what_a_worker_has_locked(site: Site) -> None:
    daemon = site.start("--read-ahead", "5", workers=1)
    enqueue_many([Nothing(n) for n in range(400)])
    enqueue(Gate(site.ledger, "a", str(site.gate())))
    enqueue_many([Nothing(n) for n in range(400)])
    site.await_line("begin-a")
    assert 1 <= site.count("locked_by IS NOT NULL") <= 5
    site.gate().touch()
    site.await_empty()
    assert daemon.leave() == 0


def test_the_log_calls_a_job_by_its_display_name(site: Site) -> None:
    fine = enqueue(Named("Ada"))
    wrong = enqueue(Named("Grace", fails=True))
    again = enqueue(Named("Edsger", fails=True, max_attempts=2))
    daemon = site.start("--log-jobs", app=APP)
    assert daemon.await_event("job.completed", id=fine.id)["name"] == "errand for Ada"
    assert daemon.await_event("job.failed", id=wrong.id)["name"] == "errand for Grace"
    assert daemon.await_event("job.rescheduled", id=again.id)["name"] == "errand for Edsger"
    assert daemon.leave() == 0


def test_the_pace_counts_failed_attempts_apart(site: Site) -> None:
    enqueue_many([Nothing(n) for n in range(20)])
    enqueue_many([Fail("now", max_attempts=1) for _ in range(3)])
    enqueue_many([Fail("later") for _ in range(4)])
    daemon = site.start()
    wait_until(lambda: site.count("last_error IS NOT NULL") == site.count() == 7, "all were tried")
    assert daemon.leave() == 0
    paces = daemon.events("jobs.performed")
    assert (sum(pace["count"] for pace in paces), sum(pace["failed"] for pace in paces)) == (20, 7)


def test_the_pace_is_logged_at_most_once_a_second(site: Site) -> None:
    daemon = site.start()
    enqueue_many([Pause(site.ledger, f"p{n}", 0.02) for n in range(400)])
    wait_until(lambda: len(daemon.events("jobs.performed")) >= 4, "there are some lines")
    times = [datetime.fromisoformat(event["timestamp"]) for event in daemon.events("jobs.performed")]
    assert min((later - earlier).total_seconds() for earlier, later in pairwise(times)) > 0.9
    assert daemon.leave() == 0


def test_status_tells_how_long_a_job_has_been_running(site: Site) -> None:
    enqueue(Gate(site.ledger, "a", str(site.gate())))
    daemon = site.start("--lease", "1", workers=1)
    site.await_line("begin-a")

    def running_for() -> float:
        place = ["--database-url", site.database.url, "--schema", site.database.schema]
        [seen] = json.loads(site.run("status", "--json", *place).stdout)["daemons"]
        return max((each["since_seconds"] for worker in seen["workers"] for each in worker["executions"]), default=0.0)

    first = wait_until(running_for, "the heartbeat tells of the job")
    wait_until(lambda: running_for() > first + 1.0, "the job has been running for longer")
    site.gate().touch()
    assert daemon.leave() == 0


def test_a_worker_with_a_left_over_thread_is_named_and_replaced(site: Site) -> None:
    daemon = site.start("--sleep", "3600", app=APP, workers=1)
    [unclean] = daemon.processes("worker")
    job = enqueue(LeavesThread(site.ledger))
    event = daemon.await_event("worker.unclean")
    assert (event["last_job"], event["threads"]) == (job.id, ["left-behind"])
    wait_until(lambda: daemon.processes("worker") not in ([], [unclean]), "another worker takes its place")
    wait_until(lambda: unclean not in daemon.processes("worker"), "the unclean one is gone")
    enqueue(Note(site.ledger, "after"))
    site.await_line("after")
    assert site.pids()[0] == unclean != site.pids()[1]
    assert not daemon.events("worker.died")
    assert daemon.leave() == 0
    site.assert_gone(daemon)


@pytest.fixture
def notices() -> Iterator[socket.socket]:
    """What systemd would listen to; a short path, as sockets need."""
    with (
        tempfile.TemporaryDirectory(prefix="notify-") as directory,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener,
    ):
        listener.bind(str(Path(directory) / "socket"))
        listener.setblocking(False)
        yield listener


def read_all(notices: socket.socket) -> list[str]:
    said: list[str] = []
    with contextlib.suppress(BlockingIOError):
        while True:
            said += notices.recv(4096).decode().splitlines()
    return said


def test_systemd_is_told_when_workers_are_ready_and_when_the_daemon_stops(site: Site, notices: socket.socket) -> None:
    gate = site.gate("import")
    daemon = site.start(app=APP, ready=False, NOTIFY_SOCKET=notices.getsockname(), ERRANDS_GATE=str(gate))
    wait_until(lambda: site.rows("SELECT id FROM delayed_daemons"), "the daemon is registered")
    assert read_all(notices) == []
    gate.touch()
    daemon.await_event("daemon.started")
    said: list[str] = []
    wait_until(lambda: said.extend(read_all(notices)) or said, "systemd is told")
    assert said == ["READY=1", "STATUS=2 workers"]
    assert daemon.leave() == 0
    assert read_all(notices) == ["STOPPING=1"]


def test_methods_of_classes_are_performed_on_the_class_that_was_given(site: Site) -> None:
    send_later(Office, "open", site.ledger)
    send_later(Branch, "open", site.ledger)
    delay(Office).close(site.ledger, hour=17)
    delay(Branch, queue="evening").close(site.ledger, hour=18)
    send_later(Branch(), "open", site.ledger)
    daemon = site.start(app=APP)
    site.await_empty()
    assert sorted(site.lines()) == ["close-17", "close-18", "open-branch", "open-branch", "open-office"]
    assert daemon.leave() == 0
