"""Maintenance as the supervisor sees it: started, started again, told to leave, and seen out last."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import structlog

from delayed_daemon.backoff import Backoff
from delayed_daemon.host import processes
from delayed_daemon.supervisor.fleet import SETTLED_AFTER_SECONDS

log = structlog.get_logger()

LAST_WORDS_SECONDS = 3.0
"""How long it may take to settle what the last workers left, and to take leave of the database."""


class MaintenanceChild:
    """One process at a time; ``half`` is its own code. ``pid`` is None while there is none."""

    def __init__(self, half: Callable[[], int]) -> None:
        self._half = half
        self._backoff = Backoff(0.1, 30.0)
        self._not_before = 0.0
        self._born = 0.0
        self.pid: int | None = None

    def fill(self, now: float) -> None:
        """Start it when there is none and it is time."""
        if self.pid is not None or now < self._not_before:
            return
        self._not_before = now + self._backoff.next()
        self._born = now
        try:
            self.pid = processes.fork(self._half, signals_wait=True)
        except OSError as refused:
            log.error("maintenance.not_forked", error=os.strerror(refused.errno or 0))

    def next_fill(self, now: float) -> float | None:
        """Seconds until it may be started, None while it runs."""
        return self._not_before - now if self.pid is None else None

    def ended(self, pid: int, wait_status: int, now: float, *, was_told: bool) -> bool:
        """A child was reaped: whether it was this one. An end that it was not told to make is logged."""
        if pid != self.pid:
            return False
        self.pid = None
        if now - self._born > SETTLED_AFTER_SECONDS:
            self._backoff.reset()
        if not was_told:
            log.error("maintenance.died", how=processes.how_it_ended(wait_status))
        return True

    def tell_to_leave(self) -> None:
        """It settles what the dead left, and leaves."""
        if self.pid is not None:
            processes.tell(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """The database does not answer: whatever is not settled waits for the lease to lapse."""
        if self.pid is not None:
            log.warning("maintenance.killed", reason="the database did not answer in time")
            processes.kill_group(self.pid)

    def let_sign_off(self) -> None:
        """At the end of a start that failed: it may have registered the daemon, and that row is not left behind."""
        if self.pid is None:
            return
        self.tell_to_leave()
        until = time.monotonic() + LAST_WORDS_SECONDS
        while processes.is_running(self.pid) and time.monotonic() < until:
            time.sleep(0.02)
        processes.kill_group(self.pid)
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
