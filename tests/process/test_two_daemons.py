"""Two daemons on one database: they share the work, and one takes over when the other is gone."""

from __future__ import annotations

import os
import signal

from chores import Gate, Note, Pause

from delayed_daemon import enqueue, enqueue_many
from tests.process.daemons import Site, exactly_once
from tests.waiting import wait_until

LEASE = ("--lease", "3")


def test_they_share_the_work(site: Site) -> None:
    enqueue_many([Note(site.ledger, f"n{n}") for n in range(12_000)])
    first = site.start(workers=1, ready=False)
    second = site.start(workers=1, ready=False)
    site.await_empty()
    exactly_once(site.lines(), [f"n{n}" for n in range(12_000)])
    assert len(set(site.pids())) == 2
    assert (first.leave(), second.leave()) == (0, 0)
    site.assert_gone(first)


def test_one_takes_over_when_the_other_is_killed_with_all_its_processes(site: Site) -> None:
    job = enqueue(Gate(site.ledger, "a", str(site.gate())))
    first = site.start(*LEASE, workers=1)
    site.await_line("begin-a")
    second = site.start(*LEASE, workers=1)
    first.kill_all()
    site.await_line("begin-a", times=2, seconds=30)
    rescued = second.await_event("jobs.rescued")
    assert rescued["count"] == 1
    row = site.row(job.id)
    assert row is not None
    assert (row["attempts"], row["crashes"]) == (1, 1)
    site.gate().touch()
    site.await_empty()
    assert site.lines() == ["begin-a", "begin-a", "end-a"]
    wait_until(lambda: len(site.rows("SELECT id FROM delayed_daemons")) == 1, "the dead daemon is forgotten")
    assert second.leave() == 0
    site.assert_gone(second)


def test_losing_a_host_repeats_at_most_100_ms_of_finished_work_per_worker(site: Site) -> None:
    lines = [f"p{n}" for n in range(1000)]
    enqueue_many([Pause(site.ledger, line, 0.005) for line in lines])
    first = site.start(*LEASE)
    wait_until(lambda: len(site.lines()) > 200, "work is under way")
    first.kill_all()
    second = site.start(*LEASE, workers=4)
    site.await_empty()
    done = site.lines()
    assert set(done) == set(lines)
    per_worker = 0.1 / 0.005 + 2  # one in hand, one whose statement was under way
    assert len(done) - len(lines) <= 2 * per_worker
    assert second.leave() == 0
    site.assert_gone(second)


def test_a_living_daemon_is_not_robbed(site: Site) -> None:
    job = enqueue(Gate(site.ledger, "a", str(site.gate())))
    first = site.start("--lease", "2", workers=1)
    site.await_line("begin-a")
    second = site.start("--lease", "2", workers=1)
    beats = "SELECT heartbeat_at FROM delayed_daemons ORDER BY started_at LIMIT 1"
    seen = set()
    wait_until(lambda: seen.add(site.rows(beats)[0]["heartbeat_at"]) or len(seen) > 15, "the first has beaten 15 times")
    row = site.row(job.id)
    assert row is not None
    assert str(first.pid) in row["locked_by"]
    assert not second.events("jobs.rescued")
    site.gate().touch()
    site.await_empty()
    assert (first.leave(), second.leave()) == (0, 0)
    assert site.lines() == ["begin-a", "end-a"]


def test_a_daemon_that_was_frozen_past_its_lease_cannot_finish_what_it_lost(site: Site) -> None:
    job = enqueue(Gate(site.ledger, "a", str(site.gate())))
    first = site.start(*LEASE, workers=1)
    site.await_line("begin-a")
    first.processes()
    for pid in first.seen:
        os.kill(pid, signal.SIGSTOP)
    second = site.start(*LEASE, workers=1)
    site.await_line("begin-a", times=2, seconds=30)
    holder = site.row(job.id)
    assert holder is not None
    for pid in first.seen:
        os.kill(pid, signal.SIGCONT)
    first.await_event("daemon.lease_lost")
    os.kill(site.pids()[0], 0)
    first_gate = site.gate()
    first_gate.touch()
    first.await_event("claim.lost")
    site.await_empty()
    assert site.lines().count("end-a") == 2
    assert not second.events("claim.lost")
    assert str(second.pid) in holder["locked_by"]
    enqueue_many([Note(site.ledger, f"n{n}") for n in range(50)])
    site.await_empty()
    assert (first.leave(), second.leave()) == (0, 0)
    site.assert_gone(first)
