"""The loop of the demonstration: a second of traffic at a time, and signals passed on to the daemon."""

from __future__ import annotations

import math
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

import psycopg

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Show:
    """Goes on until somebody stops it or, after so many ``seconds``, every kind of job has been performed.

    From its making on, a signal to stop waits for the loop: what is begun before can be ended in order.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = math.inf if seconds is None else seconds
        self._signals: SimpleQueue[int] = SimpleQueue()
        self._stopping = False
        for number in (*_STOPPING, signal.SIGCHLD):
            signal.signal(number, lambda number, _frame: self._signals.put(number))

    def run(
        self, daemon: subprocess.Popen[bytes], one_second: Callable[[], None], is_complete: Callable[[], bool]
    ) -> int:
        """Until the daemon has ended; its exit code, as a shell shows it."""
        next_second = time.monotonic()
        ends_at = next_second + self._seconds
        while daemon.poll() is None:
            number = self._next_signal(until=None if self._stopping else next_second)
            if number in _STOPPING:
                self._stop(daemon)
            elif number is None:
                next_second = max(next_second + 1, time.monotonic())
                self._go_on(one_second, is_complete if next_second > ends_at else None, daemon)
        if not self._stopping:
            print(f"shop.demo: the daemon has ended, exit code {daemon.returncode}", file=sys.stderr)
        elif daemon.returncode == -signal.SIGTERM:
            return 0  # it was too young to stop in order, and had nothing begun
        return daemon.returncode if daemon.returncode >= 0 else 128 - daemon.returncode

    def _go_on(
        self, one_second: Callable[[], None], is_complete: Callable[[], bool] | None, daemon: subprocess.Popen[bytes]
    ) -> None:
        try:
            one_second()
            if is_complete is not None and is_complete():
                self._stop(daemon)
        except psycopg.OperationalError as error:
            print(f"shop.demo: nothing was enqueued: {error}", file=sys.stderr)

    def _next_signal(self, until: float | None) -> int | None:
        try:
            return self._signals.get(timeout=None if until is None else max(0.0, until - time.monotonic()))
        except Empty:
            return None

    def _stop(self, daemon: subprocess.Popen[bytes]) -> None:
        """Told again, the daemon leaves at once; a closed terminal's HUP would mean "load the code again"."""
        self._stopping = True
        daemon.terminate()
