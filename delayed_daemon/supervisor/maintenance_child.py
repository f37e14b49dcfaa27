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
from delayed_daemon.host.scoreboard import Scoreboard
from delayed_daemon.supervisor.fleet import SETTLED_AFTER_SECONDS

log = structlog.get_logger()

LAST_WORDS_SECONDS = 3.0
"""How long it may take to settle what the last workers left, and to take leave of the database."""


class MaintenanceChild:
    """One process at a time; ``half`` is its own code. ``pid`` is None while there is none.

    One whose loop has not come round for ``patience_seconds`` is hung, or was stopped, and is killed.
    """

    def __init__(self, half: Callable[[], int], board: Scoreboard, patience_seconds: float) -> None:
        self._half = half
        self._board = board
        self._patience_seconds = patience_seconds
        self._backoff = Backoff(0.1, 30.0)
        self._not_before = 0.0
        self._born = 0.0
        self.pid: int | None = None
        self.left_in_order = False

    def fill(self, now: float) -> None:
        """Start it when there is none and it is time."""
        if self.pid is None and now >= self._not_before:
            self._start(now)

    def _start(self, now: float) -> None:
        self._not_before = now + self._backoff.next()
        self._born = now
        try:
            self.pid = processes.fork(self._half, signals_wait=True)
        except OSError as refused:
            log.error("maintenance.not_forked", error=os.strerror(refused.errno or 0))

    def next_fill(self, now: float) -> float | None:
        """Seconds until it may be started, None while it runs."""
        return max(0.0, self._not_before - now) if self.pid is None else None

    def ended(self, pid: int, wait_status: int, now: float, *, was_told: bool) -> bool:
        """A child was reaped: whether it was this one. An end that it was not told to make is logged."""
        if pid != self.pid:
            return False
        self.pid = None
        self.left_in_order = wait_status == 0
        if now - self._born > SETTLED_AFTER_SECONDS:
            self._backoff.reset()
        if not was_told:
            log.error("maintenance.died", how=processes.how_it_ended(wait_status))
        return True

    def see_out(self, now: float) -> None:
        """Tell it to settle what the dead left, and to leave; where there is none, one is started for that."""
        if self.pid is None and not self.left_in_order:
            self._start(now)
        self.tell_to_leave()

    def tell_to_leave(self) -> None:
        if self.pid is not None:
            processes.tell(self.pid, signal.SIGTERM)

    def next_check(self, now: float) -> float | None:
        """Seconds until it counts as hung, if nothing is heard of it; None while there is none."""
        return None if self.pid is None else self._last_sign() + self._patience_seconds - now

    def end_if_hung(self, now: float) -> None:
        """Kill one whose loop has stopped; `ended` will hear of it, and another takes its place."""
        if self.pid is not None and now - self._last_sign() > self._patience_seconds:
            log.error("maintenance.hung", seconds=now - self._last_sign())
            self._born = now  # not again before it was reaped
            processes.kill_group(self.pid)

    def _last_sign(self) -> float:
        return max(self._born, self._board.maintenance_beat_ns / 1e9)

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
