"""Taking jobs out of the table, and writing what is finished in the same round trip."""

from __future__ import annotations

from dataclasses import dataclass

from delayed_daemon.config import Config
from delayed_daemon.host.clock import monotonic_ns, since_boot_ns
from delayed_daemon.host.premises import Premises
from delayed_daemon.host.slot import Slot, State
from delayed_daemon.store.queue import ClaimedJob, JobQueue
from delayed_daemon.worker.books import Books
from delayed_daemon.worker.ledger import Ledger
from delayed_daemon.worker.settling import Settling


@dataclass(frozen=True, slots=True)
class Claim:
    """Rows claimed together, under one number. ``asked_ns`` is just before: their lives are counted from then."""

    number: int
    token: str
    rows: list[ClaimedJob]
    asked_ns: int = 0

    def has_expired(self, row: ClaimedJob, now_ns: int) -> bool:
        """By the database's clock, and rather a round trip early than late."""
        return row.expires_in is not None and self.asked_ns + row.expires_in * 1e9 <= now_ns


class Claiming:
    """Claims under numbers that are never used again, and only while the daemon's lease allows it.

    ``seen_wakes`` and ``looked_ns`` are of the last look: a wake-up after it is not to be slept over.
    """

    def __init__(
        self, config: Config, premises: Premises, slot: Slot, books: Books, ledger: Ledger, settling: Settling
    ) -> None:
        self._pool = config.pools[slot.pool]
        self._premises = premises
        self._board = premises.board
        self._slot = slot
        self._books = books
        self._ledger = ledger
        self._settling = settling
        self.seen_wakes = 0
        self.looked_ns = 0

    def look(self) -> None:
        """Whatever is enqueued from here on is found by the claim that follows, or rings."""
        self.seen_wakes = self._board.wakes
        self.looked_ns = monotonic_ns()

    def claim(self, count: int) -> Claim | None:
        """At most ``count`` jobs, and as many as the ring has room for; None when this is no time for claiming."""
        count = min(count, self._ledger.room)
        if count < 1:
            return None
        if self._ledger.holder_changed:
            self._settling.settle()
            self._ledger.adopt_holder()
        self._slot.state = State.CLAIMING
        claim = self._books.ask(lambda queue: self._claim_once(queue, count))
        if claim is not None and len(claim.rows) == count:
            self._wake_another()
        return claim

    def give_back(self, claim: Claim, rows: list[ClaimedJob]) -> None:
        """These were not started: whoever is idle may have them."""
        pairs = [(row.id, claim.token) for row in rows]
        self._books.ask(lambda queue: queue.release(pairs))
        self._ledger.end_claim(claim.number, [])

    def _claim_once(self, queue: JobQueue, count: int) -> Claim | None:
        """One try, under a number of its own. The gate is looked at last: an earlier try may have waited for hours."""
        if self._board.claim_until_ns <= since_boot_ns() or self._ledger.holder_changed:
            return None
        number, token = self._ledger.begin_claim()
        rows: list[ClaimedJob] = []
        asked_ns = monotonic_ns()
        try:
            rows = self._settle_and_claim(queue, token, count)
        finally:
            self._ledger.end_claim(number, [row.id for row in rows])
        return Claim(number, token, rows, asked_ns)

    def _settle_and_claim(self, queue: JobQueue, token: str, count: int) -> list[ClaimedJob]:
        pool, finished = self._pool, self._ledger.unsettled()
        settlement, rows = queue.settle_and_claim(
            finished, self._ledger.prefix, count, token, pool.min_priority, pool.max_priority, pool.queues
        )
        if finished:
            self._settling.note(queue, finished, settlement)
        return rows

    def _wake_another(self) -> None:
        """There is more where a full claim came from: an idle neighbour of the same pool shall look, too."""
        if not self._board.advertised:
            return
        for slot in self._board.living():
            if slot.state == State.IDLE and slot.pool == self._slot.pool and slot is not self._slot:
                self._premises.worker_bells[slot.index].ring()
                return
