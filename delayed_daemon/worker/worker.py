"""The loop of a worker: claim, perform, settle, wait."""

from __future__ import annotations

import threading

import structlog

from delayed_daemon.config import Config
from delayed_daemon.execution.attempt import Attempts
from delayed_daemon.host.clock import monotonic_ns
from delayed_daemon.host.premises import Premises
from delayed_daemon.host.slot import Renewal, Slot, State
from delayed_daemon.job import Job
from delayed_daemon.outcome import Completed, Failed, Outcome, Rescheduled
from delayed_daemon.store.queue import ClaimedJob
from delayed_daemon.worker.books import Books, Unwritten
from delayed_daemon.worker.claiming import Claim, Claiming
from delayed_daemon.worker.ledger import Ledger
from delayed_daemon.worker.pace import FILL_SECONDS, Pace, until_next_look
from delayed_daemon.worker.performing import Performing
from delayed_daemon.worker.quota import Quota
from delayed_daemon.worker.settling import Settling
from delayed_daemon.worker.watch import Watch
from delayed_daemon.worker.wear import Wear

log = structlog.get_logger()

_LONG_NS = 10_000_000
"""After a job that took longer, its signals are looked at at once; after others, with the batch."""
_NOTHING = Claim(0, "", [])
_WORN = {Renewal.AGE: "max_age", Renewal.MEMORY: "max_memory_growth"}
_GATE_CLOSED_SECONDS = 1.0
"""How long to wait when claiming is not allowed and nobody rings."""


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
        wear: Wear,
        job_class: type[Job],
    ) -> None:
        self._config = config
        self._premises = premises
        self._board = premises.board
        self._slot = slot
        self._watch = watch
        self._books = books
        self._quota = quota
        self._wear = wear
        self._attempts = attempts
        self._settling = Settling(slot, books, ledger)
        self._claiming = Claiming(config, premises, slot, books, ledger, self._settling)
        self._performing = Performing(config, premises, books, ledger, self._settling, attempts, job_class)
        self._pace = Pace(config.read_ahead)
        self._threads = threading.active_count()
        self._busy_until_ns = 0

    def run(self) -> None:
        """The loop. What cannot be written while the database is away is left in the slot, for maintenance."""
        try:
            self._get_ready()
            while not self._watch.must_drain():
                claim = self._claim()
                if claim is not None and claim.rows:
                    self._perform(claim)
                elif not self._watch.must_drain():
                    self._wait(looked=claim is not None)
            self._settling.settle()
        except Unwritten:
            log.warning("worker.left_unsettled", worker=self._slot.number, completed=self._settling.left)
        finally:
            self._books.close()

    def _get_ready(self) -> None:
        self._books.open()
        self._slot.ready_ns = monotonic_ns()
        self._slot.state = State.READY
        self._premises.supervisor_bell.ring()

    def _claim(self) -> Claim | None:
        """What the database gave, perhaps nothing; None when this is no time for claiming."""
        self._claiming.look()
        if self._quota.is_exhausted:
            return _NOTHING
        return self._claiming.claim(min(self._pace.read_ahead(), self._quota.left()))

    # Perform.

    def _perform(self, claim: Claim) -> None:
        self._slot.state = State.PERFORMING
        self._begin_stretch()
        started_ns = now_ns = monotonic_ns()
        done = 0
        for row in claim.rows:
            if done and self._is_time_to_stop(started_ns, now_ns):
                break
            outcome = self._performing.perform(row, claim, now_ns)
            began_ns, now_ns = now_ns, monotonic_ns()
            if now_ns - began_ns > _LONG_NS:
                self._restore_signals(row)
            self._count(outcome, now_ns)
            done += 1
        self._quota.spend(done)
        self._wear.worked()
        self._pace.note(done, (now_ns - started_ns) / 1e9)
        self._look_around(claim.rows[done - 1])
        if done < len(claim.rows):
            self._claiming.give_back(claim, claim.rows[done:])

    def _is_time_to_stop(self, started_ns: int, now_ns: int) -> bool:
        """Told to drain, or this batch takes much longer than it should: an idle worker may have the rest."""
        if self._settling.is_due(now_ns):
            self._settling.settle()
        return self._watch.was_told() or now_ns - started_ns > 2 * FILL_SECONDS * 1e9

    def _begin_stretch(self) -> None:
        """Work begins after idleness; the claim belongs to it."""
        if self._busy_until_ns == 0:
            self._busy_until_ns = self._claiming.looked_ns
            if self._slot.begun_ns <= self._board.counted_ns:
                self._slot.begun_ns = self._claiming.looked_ns

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

    def _look_around(self, last: ClaimedJob) -> None:
        """After a batch: did a job leave something behind that the next must not inherit?"""
        self._restore_signals(last)
        if self._slot.renewal != Renewal.NONE:
            return
        if threading.active_count() > self._threads:
            names = sorted(thread.name for thread in threading.enumerate() if thread is not threading.main_thread())
            log.warning("worker.unclean", worker=self._slot.number, last_job=last.id, threads=names)
            self._ask_for_successor(Renewal.UNCLEAN)
        elif self._quota.is_spent:
            self._ask_for_successor(Renewal.JOBS)
        else:
            self._leave_when_worn()

    def _leave_when_worn(self) -> None:
        """Old, or with memory that it does not give back: idle or not, another shall take over."""
        if self._slot.renewal == Renewal.NONE and (why := self._wear.look()) != Renewal.NONE:
            log.info("worker.recycled", worker=self._slot.number, reason=_WORN[why])
            self._ask_for_successor(why)

    def _restore_signals(self, last: ClaimedJob) -> None:
        """A job may have left the worker deaf to its drain or to the next job's deadline."""
        changed = [*self._watch.restore(), *self._attempts.restore()]
        if changed:
            log.warning("signals.restored", worker=self._slot.number, last_job=last.id, changed=changed)

    def _ask_for_successor(self, why: Renewal) -> None:
        self._slot.renewal = why
        self._premises.supervisor_bell.ring()

    # Wait.

    def _wait(self, *, looked: bool) -> None:
        """Sleep until woken, everything settled. A wake-up that came after the look is not slept over."""
        self._settling.settle()
        self._busy_until_ns = 0
        self._slot.idle_claim_ns = self._claiming.looked_ns if looked else 0
        self._slot.state = State.IDLE
        if not self._board.advertised and looked:
            self._premises.maintenance_bell.ring()
        if self._config.exit_on_complete:
            self._premises.supervisor_bell.ring()
        self._leave_when_worn()
        if self._board.wakes == self._claiming.seen_wakes:
            self._watch.sleep(self._nap(looked))

    def _nap(self, looked: bool) -> float:
        seconds = until_next_look(self._config.sleep) if looked else _GATE_CLOSED_SECONDS
        return seconds if self._slot.renewal != Renewal.NONE else min(seconds, self._wear.next_look())
