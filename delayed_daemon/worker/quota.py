"""How many more jobs this worker may perform before another takes its place."""

from __future__ import annotations

from collections.abc import Callable
from random import SystemRandom

from delayed_daemon.host.clock import monotonic_ns

DEFAULT_JOBS = 1000
DEFAULT_AGE_SECONDS = 60.0
_UNLIMITED = 1 << 30
_JITTER = 0.1
_draw = SystemRandom().random


class Quota:
    """``restart_after`` jobs, exactly; unless given, 1000 to 1100 for workers older than a minute; 0 is no limit.

    Fast jobs would otherwise recycle a worker many times a second. ``allowance`` bounds the jobs in
    any case (``work-off N``).
    """

    def __init__(
        self,
        restart_after: int | None,
        allowance: int | None = None,
        *,
        draw: Callable[[], float] = _draw,
    ) -> None:
        self._default = DEFAULT_JOBS * (1.0 + _JITTER * draw())
        self._exact = restart_after
        self._allowance = allowance
        self._performed = 0
        self._born_ns = monotonic_ns()

    def spend(self, jobs: int) -> None:
        self._performed += jobs

    def left(self) -> int:
        """How many jobs may be claimed now."""
        limits = [limit for limit in (self._exact or None, self._allowance) if limit is not None]
        return max(0, min(limits) - self._performed) if limits else (0 if self.is_spent else _UNLIMITED)

    @property
    def is_exhausted(self) -> bool:
        """The allowance is used up: nothing more for this worker, nor for a successor."""
        return self._allowance is not None and self._performed >= self._allowance

    @property
    def is_spent(self) -> bool:
        """A successor should take over."""
        if self._exact is None:
            old = (monotonic_ns() - self._born_ns) / 1e9 > DEFAULT_AGE_SECONDS
            return old and self._performed >= self._default
        return self._exact > 0 and self._performed >= self._exact
