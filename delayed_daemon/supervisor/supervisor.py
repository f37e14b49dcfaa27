"""The loop of the supervisor: fill, wait, handle, reap, enforce deadlines."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

import structlog

from delayed_daemon.config import Config
from delayed_daemon.errors import CannotStart
from delayed_daemon.host import processes, signals, systemd, titles
from delayed_daemon.host.clock import monotonic_ns
from delayed_daemon.host.premises import Premises
from delayed_daemon.host.signals import SignalInbox
from delayed_daemon.host.slot import Ending, State
from delayed_daemon.supervisor.deadlines import JobDeadlines
from delayed_daemon.supervisor.fleet import Fleet, Worker
from delayed_daemon.supervisor.imports import Imports
from delayed_daemon.supervisor.maintenance_child import LAST_WORDS_SECONDS, MaintenanceChild
from delayed_daemon.supervisor.memory import MemoryLimit
from delayed_daemon.supervisor.nursery import Born, ForkServerHalf, StillBorn, WorkerHalf

log = structlog.get_logger()

_SIGNALS = (
    *(signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGCHLD),
    *(signal.SIGUSR1, signal.SIGUSR2, signal.SIGTTIN, signal.SIGTTOU),
)
_LONGEST_NAP_SECONDS = 60.0
_LEAST_PATIENCE_SECONDS = 15.0
"""Maintenance that is not heard of for a lease, and for so long, is hung: each of its waits has a deadline."""


@dataclass(frozen=True, slots=True)
class Halves:
    """The children's own code: what each runs after its fork, and the exit code it leaves with."""

    fork_server: ForkServerHalf
    worker: WorkerHalf
    maintenance: Callable[[], int]


class Phase(Enum):
    RUNNING = "running"
    DRAINING = "draining"
    LEAVING = "leaving"


class Supervisor:
    """Runs the daemon until it is told to stop. CannotStart when the application's first import fails."""

    def __init__(self, config: Config, premises: Premises, halves: Halves) -> None:
        self._config = config
        self._premises = premises
        self._board = premises.board
        self._fleet = Fleet([pool.workers for pool in config.pools], premises)
        self._imports = Imports(halves.fork_server, halves.worker, config.preload, self._relieve_all)
        self._phase = Phase.RUNNING
        self._kill_workers_at: float | None = None
        self._gone_by: float | None = None
        self._maintenance = MaintenanceChild(
            halves.maintenance, premises.board, max(config.lease, _LEAST_PATIENCE_SECONDS)
        )
        self._deadlines = JobDeadlines(self._fleet)
        self._memory = MemoryLimit(self._fleet, config.max_memory)
        self._announced = False
        self._quitting = False
        self._out_of_time = False

    def run(self) -> None:
        self._inbox = SignalInbox(_SIGNALS)
        if not processes.adopt_orphans():
            self._imports.do_without_fork_server()
        titles.name_process("supervisor")
        try:
            while not self._is_over():
                self._fill()
                self._wait()
                self._handle()
                self._reap()
                self._enforce_deadlines()
        finally:
            signals.hold()
            self._end_all_children()
        log.info("daemon.stopped")

    def _is_over(self) -> bool:
        if self._phase is Phase.DRAINING and not self._fleet.workers():
            self._leave()
        is_seen_out = self._maintenance.left_in_order or self._out_of_time
        return self._phase is Phase.LEAVING and self._maintenance.pid is None and is_seen_out

    # Fill: every place that should be held, and is not.

    def _fill(self) -> None:
        now = time.monotonic()
        if self._phase is not Phase.LEAVING:
            self._maintenance.fill(now)
        elif self._maintenance.next_fill(now) == 0.0 and not self._out_of_time:
            self._maintenance.see_out(now)
        if self._phase is not Phase.RUNNING:
            self._hear_of_births()
            return
        self._imports.fill(now)
        self._hear_of_births()
        if self._imports.nursery is not None:
            self._fleet.fill(self._imports.nursery, now)
            self._hear_of_births()
        self._announce()

    def _hear_of_births(self) -> None:
        now = time.monotonic()
        for news in self._imports.hear(now):
            match news:
                case Born(generation, pid):
                    if dead := self._fleet.born(generation, pid):
                        self._bury_worker(dead, dead.slot.wait_status)
                case StillBorn(generation, why):
                    self._fleet.stillborn(generation, why, now)
        if self._phase is not Phase.RUNNING:
            self._fleet.drain()

    def _relieve_all(self) -> None:
        """Workers come from newer code now; what the fork server before it still owes is not waited for."""
        self._fleet.abandon_unborn()
        self._fleet.outdate()

    def _announce(self) -> None:
        """Once all workers are ready for the first time, and may claim."""
        workers_ready = all(post.holder and post.holder.ready for post in self._fleet.posts)
        if not self._announced and workers_ready and self._board.is_registered:
            self._announced = True
            log.info("daemon.started", workers=len(self._fleet.posts), pid=os.getpid())
            systemd.notify("READY=1", f"STATUS={len(self._fleet.posts)} workers")

    # Wait: until a signal, a bell, a message, or the next deadline.

    def _wait(self) -> None:
        poll = select.poll()
        for fd in (self._inbox.fileno(), self._premises.supervisor_bell.fileno(), *self._imports.filenos()):
            poll.register(fd, select.POLLIN)
        nap = self._until_next_chore(time.monotonic())
        self._board.looks_at_ns = monotonic_ns() + int(nap * 1e9)
        until_kill = self._deadlines.next_kill()
        poll.poll(max(0.0, nap if until_kill is None else min(nap, until_kill)) * 1000 + 1)
        self._premises.supervisor_bell.silence()

    def _until_next_chore(self, now: float) -> float:
        waits = [self._fleet.next_fill(now), self._imports.next_fill(now)]
        waits += [self._maintenance.next_fill(now), self._maintenance.next_check(now)]
        waits.append(self._memory.next_look(now))
        if self._phase is not Phase.RUNNING:
            end = self._gone_by if self._phase is Phase.LEAVING else self._kill_workers_at
            waits.append((end or now) - now)
        return max(0.0, min(wait for wait in (*waits, _LONGEST_NAP_SECONDS) if wait is not None))

    # Handle: one decision for each signal.

    def _handle(self) -> None:
        for number in self._inbox.take():
            match number:
                case signal.SIGTERM | signal.SIGINT if self._phase is Phase.RUNNING:
                    self._drain(signal.Signals(number).name)
                case signal.SIGTERM | signal.SIGINT | signal.SIGQUIT:
                    self._quit(signal.Signals(number).name)
                case signal.SIGHUP if self._phase is Phase.RUNNING:
                    self._imports.reload(time.monotonic())
                case _:
                    pass
        if self._config.exit_on_complete and self._phase is Phase.RUNNING and self._is_complete():
            self._drain("nothing is left to do")

    def _drain(self, why: str) -> None:
        log.info("daemon.draining", reason=why, timeout=self._config.shutdown_timeout)
        self._begin_to_end(self._config.shutdown_timeout)

    def _begin_to_end(self, timeout: float) -> None:
        systemd.notify("STOPPING=1")
        self._phase = Phase.DRAINING
        self._board.draining = 1
        self._kill_workers_at = time.monotonic() + timeout
        self._gone_by = self._kill_workers_at + LAST_WORDS_SECONDS
        self._fleet.drain()

    def _quit(self, why: str) -> None:
        """Leave now: workers are killed, maintenance settles what they finished and gives back the rest."""
        if self._phase is Phase.RUNNING:
            self._begin_to_end(0.0)
        self._gone_by = time.monotonic() + LAST_WORDS_SECONDS
        if self._phase is Phase.DRAINING:
            self._kill_workers(why)

    def _kill_workers(self, why: str) -> None:
        """Whoever was asked for and is not born yet will not be: a stopped fork server must not hold up the end."""
        now = time.monotonic()
        if not self._quitting:
            self._quitting = True
            log.warning("daemon.quitting", reason=why, workers=len(self._fleet.workers()))
        self._imports.stop()
        self._fleet.abandon_unborn()
        self._fleet.kill(Ending.SHUTDOWN)
        self._kill_workers_at = now + LAST_WORDS_SECONDS

    def _leave(self) -> None:
        now = time.monotonic()
        self._phase = Phase.LEAVING
        self._imports.stop()
        self._maintenance.see_out(now)
        self._gone_by = max(self._gone_by or 0.0, now + LAST_WORDS_SECONDS)

    def _is_complete(self) -> bool:
        """Every worker looked for a job, found none, and no job ended, or was given back, since these looks."""
        slots = [worker.slot for worker in self._fleet.workers() if worker.pid]
        if self._board.unsettled():
            return False
        if len(slots) != len(self._fleet.posts) or any(slot.state != State.IDLE for slot in slots):
            return False
        if min(slot.idle_claim_ns for slot in slots) > max(
            self._board.settled_ns, *(slot.done_ns for slot in self._board.slots)
        ):
            return True
        for slot in slots:
            self._premises.worker_bells[slot.index].ring()
        return False

    # Reap: every child that ended.

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while True:
                pid, wait_status, usage = os.wait4(-1, os.WNOHANG)
                if pid == 0:
                    break
                self._hear_of_births()
                self._bury(pid, wait_status, usage.ru_maxrss)
        self._fleet.forget_strangers()

    def _bury(self, pid: int, wait_status: int, peak_kib: int) -> None:
        now = time.monotonic()
        if self._maintenance.ended(pid, wait_status, now, was_told=self._phase is Phase.LEAVING):
            return
        if self._imports.ended(pid, wait_status, now):
            self._fleet.abandon_unborn()
        elif (worker := self._fleet.ended(pid, wait_status, peak_kib)) is not None:
            self._bury_worker(worker, wait_status)

    def _bury_worker(self, worker: Worker, wait_status: int) -> None:
        crashed = wait_status != 0 or not (worker.told_to_drain or worker.slot.state == State.GONE)
        how = processes.how_it_ended(wait_status)
        if not self._announced and not worker.slot.ready_ns and how == "exited with code 3":
            raise CannotStart("the application cannot be imported by a worker; its error is above")
        if crashed and worker.slot.ending == Ending.ITSELF:
            log.error("worker.died", worker=worker.number, pid=worker.pid, how=how)
        else:
            log.debug("worker.left", worker=worker.number, pid=worker.pid, how=how)
        self._fleet.retire(worker, time.monotonic(), crashed=crashed)

    # Deadlines: of jobs, and of our own end.

    def _enforce_deadlines(self) -> None:
        self._deadlines.enforce()
        now = time.monotonic()
        self._memory.enforce(now)
        self._maintenance.end_if_hung(now)
        if self._phase is Phase.DRAINING and now >= (self._kill_workers_at or now):
            self._kill_workers("shutdown_timeout is over")
        elif self._phase is Phase.LEAVING and now >= (self._gone_by or now):
            self._out_of_time = True
            self._maintenance.kill()
            self._gone_by = now + LAST_WORDS_SECONDS

    def _end_all_children(self) -> None:
        """After an orderly end none is left; on an error of our own none outlives us. What jobs left behind may."""
        ours = [pid for pid in (*(worker.pid for worker in self._fleet.workers()), *self._imports.pids()) if pid]
        for pid in ours:
            processes.kill_group(pid)
        self._maintenance.let_sign_off()
        for pid in ours:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
