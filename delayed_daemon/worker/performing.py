"""One claimed job, from the row to its outcome in the ledger or the table."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from typing import assert_never

import structlog

from delayed_daemon.config import Config
from delayed_daemon.execution.attempt import Attempts
from delayed_daemon.execution.members import display_name
from delayed_daemon.host.clock import monotonic_ns
from delayed_daemon.host.premises import Premises
from delayed_daemon.host.slot import Execution
from delayed_daemon.job import Job
from delayed_daemon.outcome import Completed, Failed, Held, Outcome, Released, Rescheduled
from delayed_daemon.store.queue import ClaimedJob, JobQueue
from delayed_daemon.worker.books import Books
from delayed_daemon.worker.claiming import Claim
from delayed_daemon.worker.ledger import Ledger
from delayed_daemon.worker.settling import Settling

log = structlog.get_logger()


class Performing:
    """Performs one job after the other in the main thread."""

    def __init__(
        self, config: Config, premises: Premises, books: Books, ledger: Ledger, settling: Settling, attempts: Attempts
    ) -> None:
        self._premises = premises
        self._books = books
        self._ledger = ledger
        self._settling = settling
        self._attempts = attempts
        self._log_jobs = config.log_jobs
        self._pid = os.getpid()
        self._longest_seconds = config.max_run_time

    def perform(self, row: ClaimedJob, claim: Claim, now_ns: int) -> Outcome:
        """Take the job in hand, make the attempt, and write down its outcome."""
        job = Job(None, row.queue, row.priority, _moment(row.run_at), row.attempts - 1, row.id, row.handler)
        deadline_ns = self._take_in_hand(row, claim, now_ns, self._longest_seconds)

        def begin(seconds: float) -> int:
            if seconds == self._longest_seconds:
                return deadline_ns
            return self._take_in_hand(row, claim, now_ns, seconds)

        outcome = self._attempts.make(job, begin)
        if os.getpid() != self._pid:
            os._exit(0)  # the job forked, and this is its child, which must never do a worker's work
        self._record(row.id, claim, outcome)
        self._say(job, outcome, now_ns)
        return outcome

    def _take_in_hand(self, row: ClaimedJob, claim: Claim, now_ns: int, seconds: float) -> int:
        """Enter the job as in hand; wake the supervisor when it would look at this deadline too late."""
        deadline_ns = now_ns + int(seconds * 1e9)
        self._ledger.take_in_hand(Execution(row.id, claim.number, now_ns, deadline_ns, row.attempts, -1))
        if deadline_ns < self._premises.board.looks_at_ns:
            self._premises.supervisor_bell.ring()
        return deadline_ns

    def _record(self, job_id: int, claim: Claim, outcome: Outcome) -> None:
        """Completions go to the ring; every other outcome is written before the next job begins."""
        match outcome:
            case Completed():
                self._settling.complete(job_id, claim.number)
                return
            case Rescheduled(report, run_at):
                held = self._write(lambda queue: queue.reschedule(job_id, claim.token, report, run_at))
                self._premises.maintenance_bell.ring()
            case Failed(report):
                held = self._write(lambda queue: queue.fail(job_id, claim.token, report))
            case Held(reason):
                held = self._write(lambda queue: queue.hold(job_id, claim.token, reason))
                self._premises.maintenance_bell.ring()
            case Released():
                held = self._write(lambda queue: queue.release([(job_id, claim.token)]) == 1)
            case _:
                assert_never(outcome)
        self._ledger.put_down()
        self._settling.count_lost(int(not held))

    def _write(self, request: Callable[[JobQueue], bool]) -> bool:
        return self._books.ask(request, patient=True)

    def _say(self, job: Job, outcome: Outcome, began_ns: int) -> None:
        match outcome:
            case Completed():
                if self._log_jobs:
                    seconds = (monotonic_ns() - began_ns) / 1e9
                    log.info("job.completed", id=job.id, name=display_name(job), seconds=seconds)
            case Rescheduled(report):
                attempt = job.attempts + 1
                log.warning("job.rescheduled", id=job.id, name=display_name(job), attempt=attempt, error=report.summary)
            case Failed(report):
                attempts = job.attempts + 1
                log.error("job.failed", id=job.id, name=display_name(job), attempts=attempts, error=report.summary)
            case Held(reason):
                log.warning("job.held", id=job.id, reason=reason)
            case Released():
                log.info("job.released", id=job.id, name=display_name(job))


def _moment(run_at: str) -> datetime | None:
    """A row's ``run_at``; None for what Python cannot express, such as ``-infinity``."""
    try:
        return datetime.fromisoformat(run_at)
    except ValueError:
        return None
