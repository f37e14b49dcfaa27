"""The soft deadline: an exception raised inside a job that is still running at its ``max_run_time``."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from delayed_daemon.errors import MaxRunTimeExceeded
from delayed_daemon.host.clock import monotonic_ns

_TOLERANCE_SECONDS = 0.1


class Deadline:
    """Arms the alarm of the main thread's process, by SIGALRM.

    The alarm is set again only for an earlier deadline than the one it is set for; when it rings
    early it is set on. So a stream of short jobs with long limits costs no system call.
    """

    def __init__(self) -> None:
        self._armed_until_ns = 0
        self._limit_seconds = 0.0
        self._rings_at_ns = 0
        signal.signal(signal.SIGALRM, self._ring)

    @contextmanager
    def armed(self, deadline_ns: int, limit_seconds: float) -> Iterator[None]:
        """Once the monotonic clock is past ``deadline_ns``, raise MaxRunTimeExceeded in the body, never after it."""
        self._limit_seconds = limit_seconds
        self._armed_until_ns = deadline_ns
        try:
            if not self._rings_at_ns or deadline_ns < self._rings_at_ns:
                self._set(deadline_ns)
            yield
        finally:
            self._armed_until_ns = 0

    def restore(self) -> list[str]:
        """Between jobs: undo what a job did to the alarm, its handler or its timer; what it had changed."""
        changed = []
        if signal.getsignal(signal.SIGALRM) != self._ring:
            signal.signal(signal.SIGALRM, self._ring)
            changed.append("SIGALRM")
        left = signal.getitimer(signal.ITIMER_REAL)[0]
        expected = (self._rings_at_ns - monotonic_ns()) / 1e9 if self._rings_at_ns else 0.0
        if abs(left - expected) > _TOLERANCE_SECONDS:
            self._rings_at_ns = 0  # the next job sets it again
            changed.append("timer")
        return changed

    def _set(self, at_ns: int) -> None:
        self._rings_at_ns = at_ns
        signal.setitimer(signal.ITIMER_REAL, max((at_ns - monotonic_ns()) / 1e9, 0.001))

    def _ring(self, _number: int, _frame: object) -> None:
        self._rings_at_ns = 0
        until = self._armed_until_ns
        if not until:
            return
        if monotonic_ns() < until:
            self._set(until)
            return
        self._armed_until_ns = 0
        raise MaxRunTimeExceeded(f"exceeded max_run_time ({self._limit_seconds:g} s)")
