"""The loop of a worker: claim, perform, settle, wait."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

import structlog

from delayed_daemon.config import Config
from delayed_daemon.execution.attempt import Attempts
from delayed_daemon.execution.report import report_text
from delayed_daemon.host.clock import monotonic_ns, since_boot_ns
from delayed_daemon.host.premises import Premises
from delayed_daemon.host.scoreboard import Execution, Renewal, Slot, State
from delayed_daemon.job import Job
from delayed_daemon.outcome import Completed, Failed, Held, Outcome, Released, Rescheduled
from delayed_daemon.store.queue import ClaimedJob, JobQueue, Settlement
from delayed_daemon.worker.books import Books, Unwritten
from delayed_daemon.worker.ledger import Ledger
from delayed_daemon.worker.pace import FILL_SECONDS, Pace
from delayed_daemon.worker.quota import Quota
from delayed_daemon.worker.watch import Watch

log = structlog.get_logger()

_SETTLE_WITHIN_NS = 100_000_000
_SLOW_NS = 10_000_000
"""A job longer than this is followed by the checks that are otherwise made once a batch."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Rows claimed together, under one number."""

    number: int
    token: str
    rows: list[ClaimedJob]


class Worker:
    """Performs jobs until told to drain; then gives back what it has not started, settles, and returns."""

    def __init__(
        self,
        config: Config,
        premises: Premises,
        slot: Slot,
        watch: Watch,
        books: Books,
        ledger: Ledger,
        attempts: Attempts,
        quota: Quota,
    ) -> None:
        self._config = config
        self._premises = premises
        self._board = premises.board
        self._slot = slot
        self._watch = watch
        self._books = books
        self._ledger = ledger
        self._attempts = attempts
        self._quota = quota
        self._pace = Pace(config.read_ahead)
        self._pid = os.getpid()
        self._threads = threading.active_count()
        self._run_time_ns = int(config.max_run_time * 1e9)
        self._oldest_completion_ns = 0
        self._busy_until_ns = 0

    def run(self) -> None:
        """The loop. What cannot be written while the database is away is left in the slot, for maintenance."""
        try:
            self._books.open()
            self._slot.ready_ns = monotonic_ns()
            self._slot.state = State.READY
            self._premises.supervisor_bell.ring()
            while not self._watch.must_drain():
                claim = self._claim()
                if claim is not None and claim.rows:
                    self._perform(claim)
                elif not self._watch.must_drain():
                    self._wait(looked=claim is not None)
            self._settle()
        except Unwritten:
            log.warning("worker.left_unsettled", worker=self._slot.number, completed=len(self._ledger.unsettled()))
        finally:
            self._books.close()

    # Claim: and settle in the same round trip.

    def _claim(self) -> Claim | None:
        """None when this is no time for claiming; else what the database gave, perhaps nothing."""
        self._seen_wakes = self._board.wakes
        self._looked_ns = monotonic_ns()
        if self._quota.is_exhausted:
            return Claim(0, "", [])
        count = min(self._pace.read_ahead(), self._quota.left(), self._ledger.room)
        if count < 1 or self._board.claim_until_ns <= since_boot_ns():
            return None
        if self._ledger.holder_changed:
            self._settle()
            self._ledger.adopt_holder()
        self._slot.state = State.CLAIMING
        claim = self._claim_and_settle(count)
        if len(claim.rows) == count:
            self._wake_another()
        return claim

    def _claim_and_settle(self, count: int) -> Claim:
        number, token = self._ledger.begin_claim()
        rows: list[ClaimedJob] = []
        try:
            rows = self._books.ask(lambda queue: self._settle_and_claim(queue, token, count))
        finally:
            self._ledger.end_claim(number, [row.id for row in rows])
        return Claim(number, token, rows)

    def _settle_and_claim(self, queue: JobQueue, token: str, count: int) -> list[ClaimedJob]:
        config, finished = self._config, self._ledger.unsettled()
        if not finished:
            return queue.claim(count, token, config.min_priority, config.max_priority, config.queues)
        settlement, rows = queue.settle_and_claim(
            finished, self._ledger.prefix, count, token, config.min_priority, config.max_priority, config.queues
        )
        self._after_settling(queue, len(finished), settlement)
        return rows

    def _wake_another(self) -> None:
        """There is more where a full claim came from: an idle neighbour shall look, too."""
        if not self._board.advertised:
            return
        for slot in self._board.living():
            if slot.state == State.IDLE and slot is not self._slot:
                self._premises.worker_bells[slot.index].ring()
                return

    # Perform.

    def _perform(self, claim: Claim) -> None:
        self._slot.state = State.PERFORMING
        started_ns = begun_ns = monotonic_ns()
        self._begin_stretch()
        done = 0
        for row in claim.rows:
            if done and self._is_time_to_stop(started_ns, begun_ns, len(claim.rows) - done):
                break
            begun_ns = self._perform_one(row, claim, begun_ns)
            done += 1
        self._quota.spend(done)
        self._pace.note(done, (begun_ns - started_ns) / 1e9)
        self._look_around(claim.rows[done - 1])
        if done < len(claim.rows):
            self._give_back(claim, claim.rows[done:])

    def _is_time_to_stop(self, started_ns: int, now_ns: int, left: int) -> bool:
        """The rest is given back when told to drain, or when this batch takes much longer than it should."""
        if self._oldest_completion_ns and now_ns - self._oldest_completion_ns > _SETTLE_WITHIN_NS:
            self._settle()
        return self._watch.was_told() or (now_ns - started_ns > 2 * FILL_SECONDS * 1e9 and left > 0)

    def _perform_one(self, row: ClaimedJob, claim: Claim, now_ns: int) -> int:
        """One job; the monotonic time at its end."""
        job = Job(None, row.queue, row.priority, _moment(row.run_at), row.attempts - 1, row.id, row.handler)
        self._take_in_hand(row, claim, now_ns, self._run_time_ns)

        def begin(seconds: float) -> int:
            if seconds == self._config.max_run_time:
                return now_ns + self._run_time_ns
            return self._take_in_hand(row, claim, now_ns, int(seconds * 1e9))

        outcome = self._attempts.make(job, begin)
        if os.getpid() != self._pid:
            os._exit(0)  # the job forked, and this is its child, which must never do a worker's work
        self._record(row.id, claim, outcome)
        ended_ns = monotonic_ns()
        self._count(outcome, ended_ns)
        self._say(job, outcome, (ended_ns - now_ns) / 1e9)
        return ended_ns

    def _begin_stretch(self) -> None:
        """Work begins after idleness; the claim belongs to it."""
        if self._busy_until_ns == 0:
            self._busy_until_ns = self._looked_ns
            if self._slot.begun_ns <= self._board.counted_ns:
                self._slot.begun_ns = self._looked_ns

    def _count(self, outcome: Outcome, ended_ns: int) -> None:
        """The times first: who sees the count must find the time that it took."""
        slot = self._slot
        slot.busy_ns += ended_ns - self._busy_until_ns
        slot.done_ns = self._busy_until_ns = ended_ns
        match outcome:
            case Completed():
                slot.performed += 1
            case Rescheduled() | Failed():
                slot.failed += 1

    def _take_in_hand(self, row: ClaimedJob, claim: Claim, now_ns: int, run_time_ns: int) -> int:
        """Enter the job as in hand; wake the supervisor when it would look at this deadline too late."""
        deadline_ns = now_ns + run_time_ns
        self._ledger.take_in_hand(Execution(row.id, claim.number, now_ns, deadline_ns, row.attempts, -1))
        if deadline_ns < self._board.looks_at_ns:
            self._premises.supervisor_bell.ring()
        return deadline_ns

    def _record(self, job_id: int, claim: Claim, outcome: Outcome) -> None:
        """Completions go to the ring; every other outcome is written before the next job begins."""
        match outcome:
            case Completed():
                self._ledger.complete(job_id, claim.number)
                self._oldest_completion_ns = self._oldest_completion_ns or monotonic_ns()
                return
            case Rescheduled(report, run_at):
                held = self._write(lambda queue: queue.reschedule(job_id, claim.token, report, run_at))
                self._premises.maintenance_bell.ring()
            case Failed(report):
                held = self._write(lambda queue: queue.fail(job_id, claim.token, report))
            case Held(reason):
                held = self._write(lambda queue: queue.hold(job_id, claim.token, reason))
            case Released():
                held = self._write(lambda queue: queue.release([(job_id, claim.token)]) == 1)
            case _:
                assert_never(outcome)
        self._ledger.put_down()
        if not held:
            self._count_stale(1)

    def _write(self, request: Callable[[JobQueue], bool]) -> bool:
        return self._books.ask(request, patient=True)

    def _give_back(self, claim: Claim, rows: list[ClaimedJob]) -> None:
        pairs = [(row.id, claim.token) for row in rows]
        self._books.ask(lambda queue: queue.release(pairs))
        self._ledger.end_claim(claim.number, [])

    def _look_around(self, last: ClaimedJob) -> None:
        """After a batch: did a job leave something behind that the next must not inherit?"""
        if threading.active_count() > self._threads and self._slot.renewal == Renewal.NONE:
            names = sorted(thread.name for thread in threading.enumerate() if thread is not threading.main_thread())
            log.warning("worker.unclean", worker=self._slot.number, last_job=last.id, threads=names)
            self._renew(Renewal.UNCLEAN)
        if self._quota.is_spent and self._slot.renewal == Renewal.NONE:
            self._renew(Renewal.JOBS)

    def _renew(self, why: Renewal) -> None:
        self._slot.renewal = why
        self._premises.supervisor_bell.ring()

    # Settle.

    def _settle(self) -> None:
        finished = self._ledger.unsettled()
        if not finished:
            return
        state, self._slot.state = self._slot.state, State.SETTLING
        self._books.ask(lambda queue: self._settle_these(queue, finished))
        self._slot.state = state

    def _settle_these(self, queue: JobQueue, finished: list[tuple[int, int]]) -> None:
        self._after_settling(queue, len(finished), queue.settle(finished, self._ledger.prefix))

    def _after_settling(self, queue: JobQueue, finished: int, settlement: Settlement) -> None:
        """A row that cannot be deleted is failed, so that its job is not performed again."""
        for refused in settlement.refused:
            log.error("job.not_deleted", id=refused.id, error=refused.error)
            why = report_text(f"performed, but its row cannot be deleted: {refused.error}")
            queue.fail(refused.id, f"{self._ledger.prefix}{refused.claim}", why)
        self._ledger.settled(finished)
        self._oldest_completion_ns = 0
        lost = finished - settlement.deleted - len(settlement.refused)
        if lost:
            self._count_stale(lost)

    def _count_stale(self, jobs: int) -> None:
        """The claim was lost before the outcome was written: the row is someone else's, or gone."""
        self._slot.stale += jobs
        log.warning("claim.lost", worker=self._slot.number, jobs=jobs)

    # Wait.

    def _wait(self, *, looked: bool) -> None:
        """Sleep until woken. A wake-up that came after the look, or before the sleep, is not lost."""
        self._busy_until_ns = 0
        self._slot.idle_claim_ns = self._looked_ns if looked else 0
        self._slot.state = State.IDLE
        if not self._board.advertised and looked:
            self._premises.maintenance_bell.ring()
        if self._config.exit_on_complete:
            self._premises.supervisor_bell.ring()
        if self._board.wakes == self._seen_wakes:
            self._watch.sleep(self._nap(looked))

    def _nap(self, looked: bool) -> float:
        return self._config.sleep * random.uniform(0.5, 1.0) if looked else 1.0

    def _say(self, job: Job, outcome: Outcome, seconds: float) -> None:
        match outcome:
            case Completed():
                if self._config.log_jobs:
                    log.info("job.completed", id=job.id, name=job.name, seconds=seconds)
            case Rescheduled(report):
                log.warning("job.rescheduled", id=job.id, name=job.name, attempt=job.attempts + 1, error=report.summary)
            case Failed(report):
                log.error("job.failed", id=job.id, name=job.name, attempts=job.attempts + 1, error=report.summary)
            case Held(reason):
                log.warning("job.held", id=job.id, reason=reason)
            case Released():
                log.info("job.released", id=job.id, name=job.name)


def _moment(run_at: str) -> datetime | None:
    """A row's ``run_at``; None for what Python cannot express, such as ``-infinity``."""
    try:
        return datetime.fromisoformat(run_at)
    except ValueError:
        return None
