"""The scoreboard: one shared memory map, made before any fork, in which processes tell each other how they stand.

It outlives each of them: what a worker wrote before it died is what maintenance judges by.

Every field is one aligned 8-byte integer, so that a reader sees the old or the new value and never
half of one. Each has one writer (named at its group). An entry is written before the index that
announces it, and a job is entered in its next place before it leaves the last one: unstarted
(batch) → in hand (execution) → completed (ring) → settled. A reader that looks in that order misses none.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator

from delayed_daemon.host.slot import Slot
from delayed_daemon.host.words import WORD_OCTETS, UuidWords, Word


class Scoreboard:
    """The header, and ``slots`` records of workers."""

    __slots__ = ("base", "slots", "words")

    # written by maintenance
    claim_until_ns = Word(0)  # since_boot_ns() until which claiming is allowed: the self-fence
    holder = UuidWords(1, 2)  # under which this daemon is registered; claims carry it
    wakes = Word(3)
    advertised = Word(4)  # the daemon's row says that a worker is idle
    clock_offset_us = Word(5)  # database's clock minus this host's
    maintenance_beat_ns = Word(6)
    # written by the supervisor
    looks_at_ns = Word(7)  # when the supervisor will look at the deadlines next
    draining = Word(8)
    failed_before = Word(9)  # by workers whose slots are someone else's now
    performed_before = Word(10)
    busy_before_ns = Word(12)
    # written by maintenance
    settled_ns = Word(13)  # when the last dead worker was settled: its jobs are ready again since
    counted_ns = Word(11)  # when the last line about the pace was logged

    _HEADER = 16

    def __init__(self, slots: int) -> None:
        size = (self._HEADER + slots * Slot.SIZE) * WORD_OCTETS
        self.words: memoryview[int] = memoryview(mmap.mmap(-1, size)).cast("q")
        self.base = 0
        self.slots = [Slot(self.words, self._HEADER + n * Slot.SIZE, n) for n in range(slots)]

    @property
    def is_registered(self) -> bool:
        return self.holder.int != 0

    def living(self) -> Iterator[Slot]:
        return (slot for slot in self.slots if slot.alive)

    def unsettled(self) -> list[Slot]:
        return [slot for slot in self.slots if slot.unsettled]

    def free_slot(self) -> Slot | None:
        return next((slot for slot in self.slots if slot.free), None)
