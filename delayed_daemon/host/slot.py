"""One worker's record in the scoreboard."""

from __future__ import annotations

from array import array
from enum import IntEnum
from typing import NamedTuple

from delayed_daemon.host.words import WORD_OCTETS, UuidWords, Word

BATCH_CAPACITY = 1024
RING_CAPACITY = 2048
EXECUTION_CAPACITY = 1024


class State(IntEnum):
    """What a worker is doing; VACANT is a slot that was never used."""

    VACANT = 0
    BOOTING = 1
    READY = 2
    CLAIMING = 3
    PERFORMING = 4
    SETTLING = 5
    IDLE = 6
    GONE = 7


class Renewal(IntEnum):
    """Why a worker asks for a successor."""

    NONE = 0
    JOBS = 1
    UNCLEAN = 2
    AGE = 3
    MEMORY = 4


class Ending(IntEnum):
    """Why the supervisor ended a worker; ITSELF when it did not."""

    ITSELF = 0
    SHUTDOWN = 1
    DEADLINE = 2
    MEMORY = 3


class Execution(NamedTuple):
    """A job in hand: times on the monotonic clock, ``attempts`` with this one, ``progress`` in per mille or -1."""

    job_id: int
    claim: int
    started_ns: int
    deadline_ns: int
    attempts: int
    progress: int


class Slot:
    """One worker's record. A dead worker's slot stays as it is until maintenance has settled it."""

    __slots__ = ("base", "index", "words")

    # written by the supervisor
    generation = Word(0)
    number = Word(1)
    pid = Word(2)
    ended = Word(3)  # 1 once it was reaped
    wait_status = Word(4)
    ended_ns = Word(5)
    peak_kib = Word(6)
    ending = Word(7)
    pool = Word(30)
    excess_kib = Word(32)  # its private memory when it was killed for it
    limit_kib = Word(33)
    # written by maintenance
    settled = Word(8)  # the generation whose remains are settled
    # written by the worker
    state = Word(9)
    beat_ns = Word(10)
    holder = UuidWords(11, 12)  # the daemon's UUID in this worker's claims
    claim_begun = Word(13)
    claim_finished = Word(14)
    batch_claim = Word(15)
    batch_count = Word(16)
    executions_used = Word(17)
    ring_written = Word(18)
    ring_settled = Word(19)
    performed = Word(20)
    failed = Word(21)
    stale = Word(22)
    begun_ns = Word(23)  # of the first stretch of work since the last count
    done_ns = Word(24)
    idle_claim_ns = Word(25)
    renewal = Word(26)
    baseline_kib = Word(27)
    private_kib = Word(28)
    ready_ns = Word(29)
    busy_ns = Word(31)  # in stretches of work, all together

    _BATCH = 48
    _EXECUTIONS = _BATCH + BATCH_CAPACITY
    _EXECUTION_WORDS = 6
    _RING = _EXECUTIONS + EXECUTION_CAPACITY * _EXECUTION_WORDS
    SIZE = _RING + RING_CAPACITY * 2

    def __init__(self, words: memoryview[int], base: int, index: int) -> None:
        self.words = words
        self.base = base
        self.index = index

    @property
    def free(self) -> bool:
        """Never used, or its last worker is dead and settled."""
        return self.generation == 0 or (self.ended == 1 and self.settled == self.generation)

    @property
    def unsettled(self) -> bool:
        """Its worker is dead, and what it left behind is not yet settled."""
        return self.generation != 0 and self.ended == 1 and self.settled != self.generation

    @property
    def alive(self) -> bool:
        return self.generation != 0 and self.ended == 0

    def occupy(self, generation: int, number: int, pool: int) -> None:
        """Supervisor: make the slot a new worker's, before the fork. The generation comes last."""
        start = self.base + 1
        self.words[start : start + self._BATCH - 1] = memoryview(array("q", bytes((self._BATCH - 1) * WORD_OCTETS)))
        self.words[self.base + self._EXECUTIONS] = 0
        self.number = number
        self.pool = pool
        self.state = State.BOOTING
        self.generation = generation

    # Claimed, not started.

    def enter_batch(self, claim: int, ids: list[int]) -> None:
        start = self.base + self._BATCH
        self.words[start : start + len(ids)] = memoryview(array("q", ids))
        self.batch_claim = claim
        self.batch_count = len(ids)

    def batch(self) -> tuple[int, list[int]]:
        start = self.base + self._BATCH
        return self.batch_claim, self.words[start : start + self.batch_count].tolist()

    # In hand.

    def take_in_hand(self, position: int, execution: Execution) -> None:
        at = self.base + self._EXECUTIONS + position * self._EXECUTION_WORDS
        words = self.words
        _, words[at + 1], words[at + 2], words[at + 3], words[at + 4], words[at + 5] = execution
        words[at] = execution.job_id

    def put_down(self, position: int) -> None:
        self.words[self.base + self._EXECUTIONS + position * self._EXECUTION_WORDS] = 0

    def executions(self) -> list[Execution]:
        found = []
        for position in range(self.executions_used):
            at = self.base + self._EXECUTIONS + position * self._EXECUTION_WORDS
            entry = Execution(*self.words[at : at + self._EXECUTION_WORDS].tolist())
            if entry.job_id:
                found.append(entry)
        return found

    def unfinished(self) -> list[Execution]:
        """The executions in hand whose job is not completed yet: what a death would cost."""
        completed = {job_id for job_id, _ in self.ring()}
        return [execution for execution in self.executions() if execution.job_id not in completed]

    # Completed, not settled.

    def enter_ring(self, job_id: int, claim: int) -> None:
        written = self.words[self.base + 18]
        at = self.base + self._RING + (written % RING_CAPACITY) * 2
        self.words[at] = job_id
        self.words[at + 1] = claim
        self.words[self.base + 18] = written + 1

    def ring(self) -> list[tuple[int, int]]:
        """The (job id, claim number) pairs completed and not yet settled, oldest first."""
        return [self._ring_entry(n) for n in range(self.ring_settled, self.ring_written)]

    @property
    def ring_room(self) -> int:
        return RING_CAPACITY - (self.ring_written - self.ring_settled)

    def _ring_entry(self, n: int) -> tuple[int, int]:
        at = self.base + self._RING + (n % RING_CAPACITY) * 2
        return self.words[at], self.words[at + 1]
