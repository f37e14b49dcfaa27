"""The daemon's pace: ``jobs.performed count=812 failed=3 rate=40512.7``, a line per stretch of work."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from delayed_daemon.host.scoreboard import Scoreboard
from delayed_daemon.host.slot import Slot, State

log = structlog.get_logger()

EVERY_SECONDS = 1.0

_MOST_LOOKS = 8


@dataclass(frozen=True, slots=True)
class Count:
    """Sums over all workers since the daemon's start; ``busy_ns`` adds up what several did at once."""

    performed: int
    failed: int
    busy_ns: int


class Tally:
    """Counts over all workers, living and dead. The rate is jobs per second of the time in which there was work."""

    def __init__(self, board: Scoreboard) -> None:
        self._board = board
        self._before = self._count()
        self.rate = 0.0

    @property
    def is_running(self) -> bool:
        """Something is being performed, or was since the last line."""
        return self.rate > 0 or any(slot.state == State.PERFORMING for slot in self._board.living())

    def say(self) -> bool:
        """Log what was performed since the last line, if anything was; whether it was."""
        now, before = self._count(), self._before
        performed, failed = now.performed - before.performed, now.failed - before.failed
        if performed + failed <= 0:
            self.rate = 0.0
            return False
        if (busy_ns := now.busy_ns - before.busy_ns) > 0:
            # Else their time was in the line before: a worker notes the time first, and then the job.
            self.rate = (performed + failed) / self._work_seconds(busy_ns)
        log.info("jobs.performed", count=performed, failed=failed, rate=round(self.rate, 1))
        self._before = now
        self._board.counted_ns = max(slot.done_ns for slot in self._board.slots)
        return True

    def _count(self) -> Count:
        """Of the dead, the supervisor keeps the sum; it adds a worker's before it calls the worker dead."""
        board, living = self._board, [_count_of(slot) for slot in self._board.living()]
        return Count(
            board.performed_before + sum(count.performed for count in living),
            board.failed_before + sum(count.failed for count in living),
            board.busy_before_ns + sum(count.busy_ns for count in living),
        )

    def _work_seconds(self, busy_ns: int) -> float:
        """From the first stretch of work since the last line to the last job, without the pauses between stretches."""
        active = [slot for slot in self._board.slots if slot.done_ns > self._board.counted_ns]
        span_ns = busy_ns
        if active:
            began_ns = max(min(slot.begun_ns for slot in active), self._board.counted_ns)
            span_ns = max(slot.done_ns for slot in active) - began_ns
        return max(min(span_ns, busy_ns), busy_ns // len(self._board.slots), 1000) / 1e9


def _count_of(slot: Slot) -> Count:
    """Counts and time that belong together: jobs that end meanwhile would be counted without their time later."""
    for _ in range(_MOST_LOOKS):
        count = Count(slot.performed, slot.failed, slot.busy_ns)
        if (slot.performed, slot.failed) == (count.performed, count.failed):
            break
    return count
