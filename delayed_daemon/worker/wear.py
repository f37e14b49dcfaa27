"""What wears a worker out beside the number of its jobs: age, and memory that it keeps."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from random import SystemRandom

from delayed_daemon.host.clock import monotonic_ns
from delayed_daemon.host.processes import private_kib
from delayed_daemon.host.slot import Renewal

_JITTER = 0.1
_draw = SystemRandom().random
_READ_SECONDS = 1.0
"""Memory is read at most this often: the kernel walks through all of it, about a millisecond for 100 MB."""


class Wear:
    """A worker's own limits: each a little below the setting (up to a tenth), so that not all are reached at once.

    ``max_age`` in seconds, ``max_growth`` in bytes over ``baseline_kib``; None is no limit. What was not worked
    with does not grow: memory is read only after jobs.
    """

    def __init__(
        self,
        max_age: float | None,
        max_growth: int | None,
        baseline_kib: int,
        *,
        draw: Callable[[], float] = _draw,
        memory: Callable[[], int] = private_kib,
    ) -> None:
        born = monotonic_ns() / 1e9
        self._old_at = inf if max_age is None else born + max_age * (1.0 - _JITTER * draw())
        self._most_kib = inf if max_growth is None else baseline_kib + max_growth / 1024 * (1.0 - _JITTER * draw())
        self._memory = memory
        self._read_at = born
        self._worked = False

    def worked(self) -> None:
        """A batch was performed."""
        self._worked = True

    def look(self) -> Renewal:
        """The reason for a successor now, NONE without one."""
        now = monotonic_ns() / 1e9
        if now >= self._old_at:
            return Renewal.AGE
        if now < self._next_reading():
            return Renewal.NONE
        self._read_at, self._worked = now, False
        return Renewal.MEMORY if self._memory() > self._most_kib else Renewal.NONE

    def next_look(self) -> float:
        """Seconds until `look` may find another reason."""
        return max(0.0, min(self._old_at, self._next_reading()) - monotonic_ns() / 1e9)

    def _next_reading(self) -> float:
        return self._read_at + _READ_SECONDS if self._worked and self._most_kib < inf else inf
