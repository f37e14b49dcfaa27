"""Workers that are old, or that keep or take too much memory, make room for others."""

from __future__ import annotations

import re
import signal

from chores import Note
from hungry import Eat, Keep

from delayed_daemon import enqueue, enqueue_many
from tests.process.daemons import Site, exactly_once
from tests.waiting import wait_until


def test_a_worker_that_keeps_what_its_job_allocated_is_replaced_and_nothing_is_lost(site: Site) -> None:
    daemon = site.start("--max-memory-growth", "30m", workers=1, app="chores,hungry")
    enqueue(Keep(site.ledger, "small", 1))
    site.await_line("small")
    first = site.pids()[0]
    enqueue(Keep(site.ledger, "large", 50))
    daemon.await_event("worker.recycled", worker=1, reason="max_memory_growth")
    wait_until(lambda: first not in daemon.processes("worker") and daemon.processes("worker"), "another took over")
    enqueue_many([Note(site.ledger, f"n{n}") for n in range(50)])
    site.await_empty()
    exactly_once(site.lines(), ["small", "large", *(f"n{n}" for n in range(50))])
    assert site.pids()[:2] == [first, first], "one megabyte is no reason"
    assert first not in site.pids()[2:]
    assert not daemon.events("worker.died")
    assert daemon.leave() == 0
    site.assert_gone(daemon)


def test_an_idle_worker_past_its_age_is_replaced(site: Site) -> None:
    daemon = site.start("--max-age", "1s", "--sleep", "3600", workers=2)
    first = set(daemon.processes("worker"))
    for worker in (1, 2):
        daemon.await_event("worker.recycled", worker=worker, reason="max_age")
    wait_until(lambda: first.isdisjoint(daemon.processes("worker")), "both are replaced")
    assert not daemon.events("worker.died")
    assert daemon.leave() == 0
    site.assert_gone(daemon)


def test_a_job_that_exceeds_max_memory_fails_with_the_reason_and_the_others_are_unharmed(site: Site) -> None:
    glutton = enqueue(Eat(site.ledger, "glutton", 200))
    daemon = site.start("--max-memory", "100m", workers=2, app="chores,hungry")
    site.await_line("glutton")
    enqueue_many([Note(site.ledger, f"n{n}") for n in range(50)])
    wait_until(lambda: (site.row(glutton.id) or {}).get("last_error"), "the verdict is written")
    row = site.row(glutton.id)
    assert row is not None
    said = re.match(r"exceeded max_memory \((\d+) MiB of 100 MiB\); its worker was killed after ", row["last_error"])
    assert said is not None, row["last_error"]
    assert 100 < int(said[1]) <= 300
    assert (row["attempts"], row["crashes"], row["failed_at"], row["locked_by"]) == (1, 1, None, None)
    assert row["errors"][0]["error"].startswith("exceeded max_memory")
    wait_until(lambda: site.count() == 1, "the others are performed")
    exactly_once(site.lines(), ["glutton", *(f"n{n}" for n in range(50))])
    assert daemon.events("worker.killed")[0]["reason"] == "exceeded max_memory"
    assert daemon.leave() == 0
    site.assert_gone(daemon)


def test_an_idle_worker_above_max_memory_is_replaced_and_no_job_is_blamed(site: Site) -> None:
    daemon = site.start("--max-memory", "100m", "--sleep", "3600", workers=1, app="chores,hungry")
    daemon.process.send_signal(signal.SIGSTOP)  # the supervisor does not look while the job runs
    enqueue(Keep(site.ledger, "kept", 150))
    wait_until(lambda: site.count() == 0, "the job is performed")
    daemon.process.send_signal(signal.SIGCONT)
    keeper = site.pids()[0]
    daemon.await_event("worker.recycled", worker=1, reason="max_memory")
    wait_until(lambda: keeper not in daemon.processes("worker") and daemon.processes("worker"), "another took over")
    assert not daemon.events("worker.killed")
    assert daemon.leave() == 0
    site.assert_gone(daemon)
