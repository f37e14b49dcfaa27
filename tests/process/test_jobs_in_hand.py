"""Jobs that the application cancels, moves and retries while daemons are at work."""

from __future__ import annotations

from chores import FailThenWork, Gate, Note
from errands import LooksAtItself

from delayed_daemon import enqueue, enqueue_many
from tests.process.daemons import Site, exactly_once
from tests.waiting import wait_until


def test_a_job_is_either_cancelled_or_performed_and_never_both(site: Site) -> None:
    enqueue(Gate(site.ledger, "gate", str(site.gate())))
    jobs = enqueue_many([Note(site.ledger, f"n{number}") for number in range(400)])
    site.start("--read-ahead", "7")
    site.await_line("begin-gate")
    cancelled = [job.payload.line for job in reversed(jobs) if job.cancel()]
    site.gate().touch()
    site.await_empty()
    performed = [line for line in site.lines() if line.startswith("n")]
    exactly_once([*performed, *cancelled], [f"n{number}" for number in range(400)])


def test_a_failed_job_that_is_retried_and_a_scheduled_one_that_is_moved_start_at_once(site: Site) -> None:
    failing = enqueue(FailThenWork(site.ledger, "f", failures=1), run_at=0)
    site.run("work-off", *site.options(), "--max-attempts", "1")
    daemon = site.start("--sleep", "1h")
    scheduled = enqueue(Note(site.ledger, "scheduled"), run_at=3600)
    wait_until(lambda: site.count_idle_daemons() == 1, "the daemon is idle")
    assert failing.reload().state == "failed"
    failing.retry()
    wait_until(lambda: failing.reload().state == "gone", "the retried job is performed")
    wait_until(lambda: site.count_idle_daemons() == 1, "the daemon is idle")
    scheduled.reschedule(0)
    site.await_line("scheduled")
    assert daemon.leave() == 0


def test_hooks_are_given_the_job_and_what_cannot_be_done_to_it_is_refused(site: Site) -> None:
    enqueue(LooksAtItself(site.ledger))
    done = site.run("work-off", *site.options("errands"))
    assert done.returncode == 0, done.stderr
    assert site.lines() == ["locked-0-False-locked-locked"]
    assert site.count() == 0
