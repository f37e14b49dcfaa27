"""TERM and INT: what is in hand is finished, the rest is given back, nothing stays behind."""

from __future__ import annotations

import signal

import pytest
from chores import Gate, Note, Nothing, Pause

from delayed_daemon import enqueue, enqueue_many
from tests.process.daemons import Site, exactly_once
from tests.waiting import wait_until


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_daemon_leaves_at_once(site: Site, number: signal.Signals) -> None:
    daemon = site.start("--sleep", "60")
    assert daemon.leave(number, seconds=10) == 0
    site.assert_gone(daemon)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_running_job_is_finished(site: Site, number: signal.Signals) -> None:
    job = enqueue(Gate(site.ledger, "a", str(site.gate())))
    daemon = site.start()
    site.await_line("begin-a")
    daemon.tell(number)
    daemon.await_event("daemon.draining")
    site.gate().touch()
    assert daemon.wait() == 0
    assert site.lines() == ["begin-a", "end-a"]
    assert site.row(job.id) is None
    site.assert_gone(daemon)


def test_jobs_claimed_and_not_started_are_given_back_unharmed(site: Site) -> None:
    enqueue_many([Pause(site.ledger, f"p{n}", 0.004) for n in range(400)])
    daemon = site.start(workers=1)
    site.await_line("p20")
    assert daemon.leave() == 0
    done = site.lines()
    assert len(done) < 400
    left = site.rows()
    assert len(left) == 400 - len(done)
    assert all(row["attempts"] == 0 and row["locked_by"] is None and row["last_error"] is None for row in left)
    site.assert_gone(daemon)
    second = site.start()
    site.await_empty()
    exactly_once(site.lines(), [f"p{n}" for n in range(400)])
    assert second.leave() == 0


def test_a_second_signal_leaves_now_and_costs_no_attempt(site: Site) -> None:
    job = enqueue(Gate(site.ledger, "a", str(site.gate())))
    daemon = site.start("--shutdown-timeout", "300")
    site.await_line("begin-a")
    daemon.tell(signal.SIGTERM)
    daemon.await_event("daemon.draining")
    assert daemon.leave(signal.SIGTERM, seconds=10) == 0
    row = site.row(job.id)
    assert row is not None
    assert (row["attempts"], row["crashes"], row["last_error"], row["failed_at"]) == (0, 0, None, None)
    site.assert_gone(daemon)


def test_quit_leaves_now(site: Site) -> None:
    job = enqueue(Gate(site.ledger, "a", str(site.gate())))
    daemon = site.start("--shutdown-timeout", "300")
    site.await_line("begin-a")
    assert daemon.leave(signal.SIGQUIT, seconds=10) == 0
    row = site.row(job.id)
    assert row is not None
    assert (row["attempts"], row["crashes"]) == (0, 0)
    site.assert_gone(daemon)


def test_the_shutdown_timeout_ends_a_long_job_and_gives_it_back(site: Site) -> None:
    job = enqueue(Gate(site.ledger, "a", str(site.gate())))
    daemon = site.start("--shutdown-timeout", "1")
    site.await_line("begin-a")
    assert daemon.leave(seconds=15) == 0
    row = site.row(job.id)
    assert row is not None
    assert (row["attempts"], row["crashes"], row["locked_by"]) == (0, 0, None)
    site.assert_gone(daemon)


def test_what_was_finished_before_a_hard_stop_is_settled(site: Site) -> None:
    quick = enqueue_many([Note(site.ledger, f"n{n}") for n in range(50)])
    stuck = enqueue(Gate(site.ledger, "stuck", str(site.gate())))
    daemon = site.start(workers=1)
    site.await_line("begin-stuck")
    assert daemon.leave(signal.SIGQUIT, seconds=10) == 0
    assert [row["id"] for row in site.rows()] == [stuck.id]
    exactly_once([line for line in site.lines() if line.startswith("n")], [f"n{n}" for n in range(len(quick))])


def test_a_drain_during_a_flood_loses_and_doubles_nothing(site: Site) -> None:
    enqueue_many([Note(site.ledger, f"n{n}") for n in range(6000)])
    for _ in range(3):
        done = len(site.lines())
        daemon = site.start(ready=False)
        wait_until(lambda done=done: len(site.lines()) > done + 300 or site.count() == 0, "some jobs are performed")
        assert daemon.leave() == 0
        site.assert_gone(daemon)
    site.start()
    site.await_empty()
    exactly_once(site.lines(), [f"n{n}" for n in range(6000)])


def test_it_leaves_by_itself_when_no_job_is_ready(site: Site) -> None:
    enqueue_many([Nothing(n) for n in range(500)])
    later = enqueue(Nothing(1), run_at=3600)
    daemon = site.start("--exit-on-complete", ready=False)
    assert daemon.wait() == 0
    assert [row["id"] for row in site.rows()] == [later.id]
    site.assert_gone(daemon)
