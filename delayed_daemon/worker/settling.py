"""Writing completions to the table: in batches, in time, and only while the claim is still ours."""

from __future__ import annotations

import structlog

from delayed_daemon.execution.report import undeletable
from delayed_daemon.host.clock import monotonic_ns
from delayed_daemon.host.slot import Slot, State
from delayed_daemon.store.queue import JobQueue, Settlement
from delayed_daemon.worker.books import Books
from delayed_daemon.worker.ledger import Ledger

log = structlog.get_logger()

_WITHIN_NS = 100_000_000
"""A completion is written at most this long after the job ended, as far as no other job runs meanwhile."""


class Settling:
    """Settles what the ledger's ring holds."""

    def __init__(self, slot: Slot, books: Books, ledger: Ledger) -> None:
        self._slot = slot
        self._books = books
        self._ledger = ledger
        self._oldest_ns = 0

    def complete(self, job_id: int, claim: int) -> None:
        """The job was performed: enter it in the ring."""
        self._ledger.complete(job_id, claim)
        self._oldest_ns = self._oldest_ns or monotonic_ns()

    @property
    def left(self) -> int:
        """How many completions are not settled."""
        return len(self._ledger.unsettled())

    def is_due(self, now_ns: int) -> bool:
        return self._oldest_ns != 0 and now_ns - self._oldest_ns > _WITHIN_NS

    def settle(self) -> None:
        """Settle everything now. Unwritten when told to leave while the database is away."""
        finished = self._ledger.unsettled()
        if not finished:
            return
        state, self._slot.state = self._slot.state, State.SETTLING
        self._books.ask(lambda queue: self.note(queue, finished, queue.settle(finished, self._ledger.prefix)))
        self._slot.state = state

    def note(self, queue: JobQueue, finished: list[tuple[int, int]], settlement: Settlement) -> None:
        """These were settled. A row that cannot be deleted is failed, so that its job is not performed again."""
        for refused in settlement.refused:
            log.error("job.not_deleted", id=refused.id, error=refused.error)
            queue.fail(refused.id, f"{self._ledger.prefix}{refused.claim}", undeletable(refused.error))
        self._ledger.settled(len(finished))
        self._oldest_ns = 0
        self.count_lost(len(finished) - settlement.deleted - len(settlement.refused))

    def count_lost(self, jobs: int) -> None:
        """The claim was lost before its outcome was written: the row is someone else's, or gone.

        After a try whose reply was lost nobody can know: most likely that try had done it.
        """
        if jobs and self._books.in_doubt:
            log.info("outcome.in_doubt", worker=self._slot.number, jobs=jobs)
        elif jobs:
            self._slot.stale += jobs
            log.warning("claim.lost", worker=self._slot.number, jobs=jobs)
