"""How many jobs to claim at once."""

from __future__ import annotations

import random
from collections.abc import Callable

FILL_SECONDS = 0.05
_WEIGHT = 0.3
_GROWTH = 4


def until_next_look(sleep: float, draw: Callable[[], float] = random.random) -> float:
    """Seconds of one idle wait: between half of ``sleep`` and all of it, so that idle workers do not poll in step."""
    return sleep * (1.0 + draw()) / 2.0


class Pace:
    """Claims as many jobs as fill about 50 ms at the pace of the recent ones: one at a time when they are slow.

    ``most`` is the cap. The first claim is of one job, and a claim is at most four times the last,
    so that one fast job does not make a worker take hundreds of slow ones.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._seconds: float | None = None
        self._last = 0

    def note(self, jobs: int, seconds: float) -> None:
        """``jobs`` took ``seconds`` in all."""
        each = seconds / jobs
        self._seconds = each if self._seconds is None else self._seconds + _WEIGHT * (each - self._seconds)
        if each > FILL_SECONDS:
            self._seconds = max(self._seconds, each)

    def read_ahead(self) -> int:
        if self._seconds is None:
            return 1
        fitting = int(FILL_SECONDS / max(self._seconds, 1e-6))
        self._last = max(1, min(fitting, self._most, _GROWTH * max(self._last, 1)))
        return self._last
