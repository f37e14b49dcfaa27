"""What the README promises about time and order, where only the fast path can keep it.

A lease of ten minutes and a sleep of an hour leave nothing to heartbeats, rescue and polling.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import psycopg
import pytest
from chores import Gate, Note, Pause

from delayed_daemon import enqueue, enqueue_many
from tests.process.daemons import Site, exactly_once
from tests.waiting import wait_until

UNAIDED = ("--lease", "600", "--sleep", "3600")
SOON = 20.0
"""Much less than a heartbeat of such a lease (100 s)."""


def warm_up(site: Site) -> None:
    """So many fast jobs that the next claim may be of hundreds."""
    enqueue_many([Note(site.ledger, f"warm{n}") for n in range(400)])
    wait_until(lambda: site.count("locked_by IS NULL OR handler LIKE '%warm%'") == 0, "fast jobs are performed")


def locked_together(site: Site, job_id: int | None) -> int:
    """How many rows are locked by the claim that has this job."""
    return site.count(f"locked_by = (SELECT locked_by FROM delayed_jobs WHERE id = {job_id})")


def test_what_a_killed_worker_had_claimed_and_not_begun_runs_elsewhere_at_once(site: Site) -> None:
    enqueue(Gate(site.ledger, "other", str(site.gate("other"))), priority=-1)
    daemon = site.start(*UNAIDED)
    site.await_line("begin-other")
    warm_up(site)
    batch = [Gate(site.ledger, "stuck", str(site.gate("stuck"))), *(Note(site.ledger, f"m{n}") for n in range(50))]
    stuck = enqueue_many(batch)[0]
    site.await_line("begin-stuck")
    assert locked_together(site, stuck.id) > 10, "the claim is not of a batch: this test shows nothing"
    os.kill(site.pids()[-1], signal.SIGKILL)
    wait_until(lambda: sum(line.startswith("m") for line in site.lines()) == 50, "the others ran", seconds=SOON)
    exactly_once([line for line in site.lines() if line.startswith("m")], [f"m{n}" for n in range(50)])
    site.gate("other").touch()
    site.gate("stuck").touch()
    assert daemon.leave() == 0
    site.assert_gone(daemon)


def test_a_daemon_that_cannot_renew_its_lease_claims_nothing(site: Site) -> None:
    daemon = site.start("--lease", "6", "--sleep", "0.1")
    maintenance = daemon.process_of("maintenance")
    os.kill(maintenance, signal.SIGSTOP)

    def silent_for(seconds: float) -> bool:
        query = "SELECT clock_timestamp() - heartbeat_at > make_interval(secs => %s) AS silent FROM delayed_daemons"
        return bool(site.rows(query, [seconds])[0]["silent"])

    wait_until(lambda: silent_for(4.0), "two thirds of the lease are over")
    job = enqueue(Note(site.ledger, "fenced"))
    wait_until(lambda: silent_for(7.0), "workers had time to look for jobs")
    row = site.row(job.id)
    assert row is not None
    assert (row["locked_by"], row["attempts"], site.lines()) == (None, 0, [])
    os.kill(maintenance, signal.SIGCONT)
    site.await_line("fenced")
    assert daemon.leave() == 0
    assert site.lines() == ["fenced"]
    site.assert_gone(daemon)


def test_completions_are_written_before_a_further_job_of_a_slow_batch_begins(site: Site) -> None:
    slow = [Pause(site.ledger, "pause", 0.3), Gate(site.ledger, "g", str(site.gate()))]
    daemon = site.start(*UNAIDED, workers=1)
    warm_up(site)
    jobs = enqueue_many([Note(site.ledger, "quick"), *slow])
    site.await_line("begin-g")
    assert [row["id"] for row in site.rows()] == [jobs[-1].id]
    site.gate().touch()
    assert daemon.leave() == 0


def test_an_idle_worker_takes_over_what_a_slow_batch_has_not_begun(site: Site) -> None:
    enqueue(Gate(site.ledger, "other", str(site.gate("other"))), priority=-1)
    daemon = site.start(*UNAIDED)
    site.await_line("begin-other")
    [other] = site.pids()
    warm_up(site)
    batch = [
        Gate(site.ledger, "slow", str(site.gate("slow"))),
        *(Pause(site.ledger, f"p{n}", 0.02) for n in range(100)),
    ]
    slow = enqueue_many(batch)[0]
    site.await_line("begin-slow")
    assert locked_together(site, slow.id) > 10, "the claim is not of a batch: this test shows nothing"
    site.gate("other").touch()
    wait_until(lambda: site.count_idle_daemons() == 1, "the other worker is idle")
    site.gate("slow").touch()
    site.await_empty()
    performers = dict(zip(site.lines(), site.pids(), strict=True))
    exactly_once([line for line in site.lines() if line.startswith("p")], [f"p{n}" for n in range(100)])
    assert other in {performers[f"p{n}"] for n in range(100)}
    assert daemon.leave() == 0


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (signal.SIGTERM, signal.SIGTERM),
        (signal.SIGINT, signal.SIGINT),
        (signal.SIGTERM, signal.SIGINT),
        (signal.SIGINT, signal.SIGTERM),
        (signal.SIGTERM, signal.SIGQUIT),
    ],
    ids=lambda number: number.name,
)
def test_a_second_signal_of_any_kind_leaves_now(site: Site, first: signal.Signals, second: signal.Signals) -> None:
    job = enqueue(Gate(site.ledger, "a", str(site.gate())))
    daemon = site.start("--shutdown-timeout", "300")
    site.await_line("begin-a")
    daemon.tell(first)
    assert daemon.await_event("daemon.draining")["reason"] == first.name
    assert daemon.leave(second, seconds=SOON) == 0
    assert [event["reason"] for event in daemon.events("daemon.quitting")] == [second.name]
    row = site.row(job.id)
    assert row is not None
    assert (row["attempts"], row["crashes"], row["last_error"], row["failed_at"]) == (0, 0, None, None)
    site.assert_gone(daemon)


def test_a_job_of_a_caller_s_transaction_starts_at_its_commit(site: Site) -> None:
    daemon = site.start(*UNAIDED)
    wait_until(lambda: site.count_idle_daemons() == 1, "the daemon says that it is idle")
    with psycopg.connect(site.database.url) as connection:
        job = enqueue(Note(site.ledger, "committed"), connection=connection)
        after_looking_again()
        assert site.row(job.id) is None
    site.await_line("committed", seconds=SOON)
    assert daemon.leave() == 0


def test_a_job_enqueued_while_all_are_busy_starts_at_a_commit_while_all_are_idle(site: Site) -> None:
    enqueue(Gate(site.ledger, "a", str(site.gate())))
    daemon = site.start(*UNAIDED, workers=1)
    site.await_line("begin-a")
    wait_until(lambda: site.count_idle_daemons() == 0, "the daemon says that it is busy")
    with psycopg.connect(site.database.url) as connection:
        enqueue_many([Note(site.ledger, "committed")], connection=connection)
        site.gate().touch()
        wait_until(lambda: site.count_idle_daemons() == 1, "the daemon says that it is idle")
        after_looking_again()
        assert site.lines() == ["begin-a", "end-a"]
    site.await_line("committed", seconds=SOON)
    assert daemon.leave() == 0


def after_looking_again() -> None:
    """A daemon that went idle looks for jobs once more a second later: that shall not help."""
    began = time.monotonic()
    wait_until(lambda: time.monotonic() - began > 2.0, "two seconds have passed")


def test_another_daemon_performs_a_lost_one_s_job_within_the_lease_and_a_few_seconds(site: Site) -> None:
    enqueue(Gate(site.ledger, "a", str(site.gate())))
    first = site.start("--lease", "3", workers=1)
    site.await_line("begin-a")
    second = site.start("--lease", "3", "--sleep", "3600", workers=1)
    first.kill_all()
    site.await_line("begin-a", times=2, seconds=3 + 6)
    site.gate().touch()
    site.await_empty()
    assert second.leave() == 0
    site.assert_gone(second)


@pytest.mark.parametrize("role", ["fork server", "maintenance"])
def test_a_running_job_outlives_the_death_of_another_process(site: Site, role: str) -> None:
    job = enqueue(Gate(site.ledger, "a", str(site.gate())))
    daemon = site.start("--lease", "2")
    site.await_line("begin-a")
    before = daemon.process_of(role)
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: daemon.processes(role) not in ([], [before]), f"there is a new {role}")
    enqueue(Note(site.ledger, "meanwhile"))
    site.await_line("meanwhile")
    row = site.row(job.id)
    assert row is not None
    assert (row["attempts"], row["crashes"]) == (1, 0)
    site.gate().touch()
    site.await_empty()
    assert daemon.leave() == 0
    assert sorted(site.lines()) == ["begin-a", "end-a", "meanwhile"]
    site.assert_gone(daemon)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_job_enqueued_while_workers_fall_asleep_is_not_slept_over(site: Site, workers: int) -> None:
    daemon = site.start(*UNAIDED, workers=workers)
    for number in range(200):
        written = size_of(site)
        enqueue(Note(site.ledger, f"n{number}"))
        await_growth(site, written)
        spin(number % 20 * 0.0002)
    assert daemon.leave() == 0
    assert site.lines() == [f"n{number}" for number in range(200)]


def test_a_wake_up_between_a_worker_s_last_look_and_its_sleep_is_not_slept_over(site: Site) -> None:
    """The worker is frozen here and there on its way to sleep, until maintenance has heard of the job."""
    daemon = site.start(*UNAIDED, workers=1)
    [worker] = daemon.processes("worker")
    wait_until(lambda: site.count_idle_daemons() == 1, "the daemon says that it is idle")
    for number in range(200):
        written = size_of(site)
        enqueue(Note(site.ledger, "n"))
        await_growth(site, written)
        spin(number % 25 * 0.0001)
        os.kill(worker, signal.SIGSTOP)
        written = size_of(site)
        enqueue(Note(site.ledger, "n"))
        spin(0.01)
        os.kill(worker, signal.SIGCONT)
        await_growth(site, written)
    assert daemon.leave() == 0


def spin(seconds: float) -> None:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


def test_a_job_enqueued_as_a_busy_daemon_falls_asleep_is_not_slept_over(site: Site) -> None:
    """Its row still says that nobody is idle, so that no notification is sent."""
    daemon = site.start(*UNAIDED, workers=1)
    for number in range(6):
        enqueue(Gate(site.ledger, f"{number}", str(site.gate(f"gate{number}"))))
        site.await_line(f"begin-{number}", seconds=SOON)
        wait_until(lambda: site.count_idle_daemons() == 0, "the daemon says that it is busy")
        written = size_of(site)
        site.gate(f"gate{number}").touch()
        await_growth(site, written)
    assert daemon.leave() == 0


def size_of(site: Site) -> int:
    return Path(site.ledger).stat().st_size


def await_growth(site: Site, written: int) -> None:
    """As `wait_until`, but so often that what follows happens while the worker looks for its next job."""
    deadline = time.monotonic() + SOON
    while size_of(site) == written:
        assert time.monotonic() < deadline, "the job is slept over"
        time.sleep(0.0002)
