"""The soft deadline: an exception raised inside a job that is still running at its ``max_run_time``."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from delayed_daemon.errors import MaxRunTimeExceeded
from delayed_daemon.host.clock import monotonic_ns


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
