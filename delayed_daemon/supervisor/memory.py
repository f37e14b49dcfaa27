"""The most private memory of one worker: its job, if it has one in hand, is ended with it."""

from __future__ import annotations

import sys

import structlog

from delayed_daemon.host import processes
from delayed_daemon.host.slot import Ending, State
from delayed_daemon.supervisor.fleet import Fleet, Worker

log = structlog.get_logger()

_EVERY_SECONDS = 0.5


class MemoryLimit:
    """Looks after every worker of the fleet twice a second, and not at all without a limit (bytes)."""

    def __init__(self, fleet: Fleet, limit: int | None) -> None:
        self._fleet = fleet
        self._limit_kib = limit // 1024 if limit else None
        self._next = 0.0
        if limit and not sys.platform.startswith("linux"):
            self._limit_kib = None
            log.warning("memory.not_limited", reason="max_memory needs Linux: the memory of workers is not looked at")

    def next_look(self, now: float) -> float | None:
        """Seconds until `enforce` has something to do; None when it never has."""
        return None if self._limit_kib is None else max(0.0, self._next - now)

    def enforce(self, now: float) -> None:
        """Kill the workers that are above the limit; one without a job is relieved instead."""
        if self._limit_kib is None or now < self._next:
            return
        self._next = now + _EVERY_SECONDS
        for worker in self._fleet.workers():
            if worker.pid and worker.slot.ending == Ending.ITSELF and not worker.slot.ended:
                self._look_at(worker, self._limit_kib)

    def _look_at(self, worker: Worker, limit_kib: int) -> None:
        # The kernel walks through all of a process to tell what is private: first the bound that costs nothing.
        if processes.resident_kib_of(worker.pid) <= limit_kib:
            return
        kib = processes.private_kib_of(worker.pid) or 0
        if kib <= limit_kib:
            return
        if worker.slot.executions():
            worker.slot.excess_kib, worker.slot.limit_kib = kib, limit_kib
            log.error("worker.killed", worker=worker.number, pid=worker.pid, reason="exceeded max_memory")
            worker.kill(Ending.MEMORY)
        elif worker.slot.state == State.IDLE and not worker.outdated:
            log.info("worker.recycled", worker=worker.number, reason="max_memory")
            worker.outdated = True
