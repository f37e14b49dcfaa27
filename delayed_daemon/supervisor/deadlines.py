"""The hard end of a job that goes on after its ``max_run_time`` was raised in it: its worker is killed."""

from __future__ import annotations

import structlog

from delayed_daemon.host.clock import monotonic_ns
from delayed_daemon.host.slot import Ending
from delayed_daemon.supervisor.fleet import Fleet

log = structlog.get_logger()

GRACE_SECONDS = 5.0
"""How long a job may go on after its ``max_run_time`` was raised in it, before its worker is killed."""


class JobDeadlines:
    """Reads the jobs in hand off the scoreboard, of every worker in the fleet."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def next_kill(self) -> float | None:
        """Seconds until the first job in hand outlives its deadline and the grace after it; None without a job."""
        deadlines = [
            execution.deadline_ns for worker in self._fleet.workers() for execution in worker.slot.executions()
        ]
        return (min(deadlines) - monotonic_ns()) / 1e9 + GRACE_SECONDS if deadlines else None

    def enforce(self) -> None:
        """Kill the workers whose job is too late."""
        late_ns = monotonic_ns() - int(GRACE_SECONDS * 1e9)
        for worker in self._fleet.workers():
            if worker.slot.ending == Ending.ITSELF and any(
                execution.deadline_ns < late_ns for execution in worker.slot.executions()
            ):
                log.error("worker.killed", worker=worker.number, pid=worker.pid, reason="exceeded max_run_time")
                worker.kill(Ending.DEADLINE)
