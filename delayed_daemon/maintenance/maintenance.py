"""The loop of maintenance: settle the dead, make the rounds, wake the idle, count, wait."""

from __future__ import annotations

import select
import signal
import time

import psycopg
import structlog

from delayed_daemon.backoff import Backoff
from delayed_daemon.config import Config
from delayed_daemon.host.clock import monotonic_ns
from delayed_daemon.host.premises import Premises
from delayed_daemon.host.signals import SignalInbox
from delayed_daemon.maintenance.bereaved import Bereaved
from delayed_daemon.maintenance.desk import Desk
from delayed_daemon.maintenance.ear import Ear
from delayed_daemon.maintenance.pulse import Pulse
from delayed_daemon.maintenance.reconcile import reconcile
from delayed_daemon.maintenance.rescue import Rescue
from delayed_daemon.maintenance.retention import Retention
from delayed_daemon.maintenance.tally import EVERY_SECONDS, Tally
from delayed_daemon.maintenance.verdicts import pronounce
from delayed_daemon.maintenance.wakeups import WakeUps

log = structlog.get_logger()

_WATCH_SECONDS = 0.2
"""How often to look after workers whose supervisor is dead, or whether the heartbeat has registered the daemon."""


class Maintenance:
    """``daemon`` is its ``name:pid``. `run` ends when told to leave and everything is settled, or, without a
    supervisor, when the workers are gone."""

    def __init__(
        self, config: Config, premises: Premises, daemon: str, pulse: Pulse, desk: Desk, ear: Ear | None, tally: Tally
    ) -> None:
        self._config = config
        self._premises = premises
        self._board = premises.board
        self._daemon = daemon
        self._pulse = pulse
        self._desk = desk
        self._wakeups = WakeUps(premises, config, ear)
        self._rescue = Rescue(self._own_prefix, config.lease, config.max_run_time, config.max_crashes)
        self._retention = Retention(config.keep_failed)
        self._tally = tally
        self._backoff = Backoff(0.1, 5.0)
        self._told_to_leave = False
        self._bereaved: Bereaved | None = None
        self._rung = True
        self._next_rounds = 0.0
        self._next_count = 0.0
        self._first_rounds = True

    def run(self) -> int:
        self._inbox = SignalInbox((signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2))
        self._pulse.start()
        while not self._is_over():
            self._board.maintenance_beat_ns = monotonic_ns()
            pause = self._attend()
            if self._is_over():
                break
            self._wait(pause)
            if not self._pulse.is_beating:
                raise RuntimeError("the thread of the heartbeat has died")
        self._sign_off()
        return 0

    def _attend(self) -> float:
        """Do what is due; seconds until the next chore. A database that is away costs time and nothing else."""
        now = time.monotonic()
        rung, self._rung = self._rung, False
        self._count(now)
        try:
            self._settle_the_dead()
            if self._board.is_registered:
                self._make_rounds(now)
                self._wakeups.attend(self._desk.upkeep, now, rung=rung)
        except psycopg.Error as error:
            return self._after_failure(error)
        self._backoff.reset()
        return self._until_next_chore()

    def _settle_the_dead(self) -> None:
        for slot in self._board.unsettled():
            pronounce(slot, self._daemon, self._desk.queue, self._desk.upkeep, self._config.max_crashes)
            self._board.settled_ns = monotonic_ns()
            self._premises.supervisor_bell.ring()

    def _make_rounds(self, now: float) -> None:
        """Once a heartbeat: lost claims of our own, the claims of dead daemons, holds that are over, retention."""
        if now < self._next_rounds:
            return
        self._next_rounds = now + self._pulse.period_seconds
        upkeep = self._desk.upkeep
        found = reconcile(self._board, self._daemon, self._desk.queue, upkeep)
        found += self._rescue.look(upkeep, now)
        found += upkeep.unhold_all() if self._first_rounds else upkeep.unhold_due()
        self._first_rounds = False
        if found:
            self._wakeups.wake_all_pools()
        self._retention.prune(upkeep)

    def _count(self, now: float) -> None:
        if now >= self._next_count and self._tally.say():
            self._next_count = now + EVERY_SECONDS

    def _after_failure(self, error: psycopg.Error) -> float:
        if self._backoff.fresh:
            log.warning("database.failed", error=f"{type(error).__name__}: {error}")
        self._desk.close()
        self._rescue.forget_sightings()
        self._rung = True
        return self._backoff.next()

    def _until_next_chore(self) -> float:
        if not self._board.is_registered:
            return _WATCH_SECONDS
        now = time.monotonic()
        waits = [EVERY_SECONDS if self._tally.is_running else self._pulse.period_seconds, self._next_rounds - now]
        waits.append(self._wakeups.next_look(now))
        if self._bereaved is not None:
            waits.append(_WATCH_SECONDS)
        return max(0.0, min(waits))

    def _wait(self, seconds: float) -> None:
        poll = select.poll()
        bell, lifeline = self._premises.maintenance_bell, self._premises.lifeline.fileno()
        for fd in (self._inbox.fileno(), bell.fileno(), self._wakeups.fileno()):
            if fd is not None:
                poll.register(fd, select.POLLIN)
        if self._bereaved is None:
            poll.register(lifeline, select.POLLIN)
        ready = {fd for fd, _ in poll.poll(seconds * 1000)}
        bell.silence()
        self._rung |= bell.fileno() in ready
        self._told_to_leave |= signal.SIGTERM in self._inbox.take()
        if lifeline in ready:
            self._bereaved = Bereaved(self._premises, self._config.shutdown_timeout, time.monotonic())

    def _is_over(self) -> bool:
        if self._bereaved is not None:
            self._told_to_leave = self._bereaved.see_out(time.monotonic())
        return self._told_to_leave and not self._board.unsettled()

    def _sign_off(self) -> None:
        """Leave nothing locked, and no row."""
        self._pulse.stop()
        self._tally.say()
        try:
            if self._board.is_registered:
                self._desk.upkeep.release_range(self._own_prefix())
                self._desk.upkeep.deregister(self._board.holder)
        except psycopg.Error as error:
            log.warning("daemon.not_deregistered", error=f"{type(error).__name__}: {error}")
        self._desk.close()
        self._wakeups.close()

    def _own_prefix(self) -> str:
        return f"{self._daemon}/{self._board.holder.hex}/"
