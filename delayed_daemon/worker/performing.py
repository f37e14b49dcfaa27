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
from delayed_daemon.execution.report import unwritable
from delayed_daemon.host.clock import monotonic_ns
from delayed_daemon.host.premises import Premises
from delayed_daemon.host.slot import Execution
from delayed_daemon.job import Job
from delayed_daemon.outcome import Completed, Failed, Held, Outcome, Released, Rescheduled
from delayed_daemon.store.queue import ClaimedJob, JobQueue
from delayed_daemon.worker.books import Books, Refused
from delayed_daemon.worker.claiming import Claim
from delayed_daemon.worker.ledger import Ledger
from delayed_daemon.worker.settling import Settling

log = structlog.get_logger()

_LONGEST_WRITE_SECONDS = 10 * 366 * 86400.0
"""The job is over when its outcome is written: however long the database is away, that is not its doing."""


class Performing:
    """Performs one job after the other in the main thread."""

    def __init__(
        self,
        config: Config,
        premises: Premises,
        books: Books,
        ledger: Ledger,
        settling: Settling,
        attempts: Attempts,
        job_class: type[Job],
    ) -> None:
        self._premises = premises
        self._books = books
        self._ledger = ledger
        self._settling = settling
        self._attempts = attempts
        self._job_class = job_class
        self._log_jobs = config.log_jobs
        self._pid = os.getpid()
        self._longest_seconds = config.max_run_time

    def perform(self, row: ClaimedJob, claim: Claim, now_ns: int) -> Outcome:
        """Take the job in hand, make the attempt, and write down its outcome."""
        run_at = _moment(row.run_at)
        job = self._job_class(None, row.queue, row.priority, run_at, row.attempts - 1, row.id, row.handler)
        deadline_ns = self._take_in_hand(row, claim, now_ns, self._longest_seconds)

        def begin(seconds: float) -> int:
            if seconds == self._longest_seconds:
                return deadline_ns
            return self._take_in_hand(row, claim, now_ns, seconds)

        if row.expires_at is not None:
            job.expires_at = _moment(row.expires_at)
        expired = row.expires_at if claim.has_expired(row, now_ns) else None
        outcome = self._attempts.make(job, begin, expired=expired)
        if os.getpid() != self._pid:
            os._exit(0)  # the job forked, and this is its child, which must never do a worker's work
        self._record(row, claim, outcome, now_ns)
        self._say(job, outcome, now_ns)
        return outcome

    def _take_in_hand(self, row: ClaimedJob, claim: Claim, now_ns: int, seconds: float) -> int:
        """Enter the job as in hand; wake the supervisor when it would look at this deadline too late."""
        deadline_ns = now_ns + int(seconds * 1e9)
        self._ledger.take_in_hand(Execution(row.id, claim.number, now_ns, deadline_ns, row.attempts, -1))
        if deadline_ns < self._premises.board.looks_at_ns:
            self._premises.supervisor_bell.ring()
        return deadline_ns

    def _record(self, row: ClaimedJob, claim: Claim, outcome: Outcome, began_ns: int) -> None:
        """Completions go to the ring; every other outcome is written before the next job begins."""
        if isinstance(outcome, Completed):
            self._settling.complete(row.id, claim.number)
            return
        self._take_in_hand(row, claim, began_ns, _LONGEST_WRITE_SECONDS)
        token = claim.token
        match outcome:
            case Rescheduled(report, run_at):
                held = self._write(row, token, lambda queue: queue.reschedule(row.id, token, report, run_at))
                self._premises.maintenance_bell.ring()
            case Failed(report, attempted, earlier):
                held = self._write(
                    row, token, lambda queue: queue.fail(row.id, token, report, attempted=attempted, earlier=earlier)
                )
            case Held(reason):
                held = self._write(row, token, lambda queue: queue.hold(row.id, token, reason))
                self._premises.maintenance_bell.ring()
            case Released():
                held = self._write(row, token, lambda queue: queue.release([(row.id, token)]) == 1)
            case _:
                assert_never(outcome)
        self._ledger.put_down()
        self._settling.count_lost(int(not held))

    def _write(self, row: ClaimedJob, token: str, request: Callable[[JobQueue], bool]) -> bool:
        """Whether the claim was still held. A row that refuses its outcome is failed; one that refuses that, too,
        stays locked until the daemon ends: it must not keep the worker from others."""
        try:
            return self._books.ask(request, patient=True)
        except Refused as refused:
            why = unwritable(str(refused))
        try:
            return self._books.ask(lambda queue: queue.fail(row.id, token, why), patient=True)
        except Refused as refused:
            log.error("job.not_written", id=row.id, error=str(refused))
            return True

    def _say(self, job: Job, outcome: Outcome, began_ns: int) -> None:
        match outcome:
            case Completed():
                if self._log_jobs:
                    seconds = (monotonic_ns() - began_ns) / 1e9
                    log.info("job.completed", id=job.id, name=display_name(job), seconds=seconds)
            case Rescheduled(report):
                attempt = job.attempts + 1
                log.warning("job.rescheduled", id=job.id, name=display_name(job), attempt=attempt, error=report.summary)
            case Failed(report, attempted):
                attempts = job.attempts + attempted
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
