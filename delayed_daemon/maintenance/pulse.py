"""The heartbeat: keeps this daemon's lease, and closes the gate for claims in time when it cannot."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable

import psycopg
import structlog

from delayed_daemon.host.clock import since_boot_ns
from delayed_daemon.host.premises import Premises
from delayed_daemon.host.scoreboard import Scoreboard
from delayed_daemon.maintenance.desk import Desk
from delayed_daemon.store.upkeep import Upkeep

log = structlog.get_logger()


class Pulse:
    """Beats every sixth of the lease, on a connection and in a thread of its own.

    Claiming is allowed until two thirds of a lease after the last successful beat was *sent*, on a
    clock that counts suspend: so a daemon stops claiming before others may rescue its jobs.
    """

    def __init__(
        self,
        premises: Premises,
        desk: Desk,
        register: Callable[[Upkeep, uuid.UUID], None],
        snapshot: Callable[[], dict[str, object]],
        lease_seconds: float,
    ) -> None:
        self._premises = premises
        self._board: Scoreboard = premises.board
        self._desk = desk
        self._register = register
        self._snapshot = snapshot
        self.period_seconds = lease_seconds / 6
        self._trust_ns = int(lease_seconds * 2 / 3 * 1e9)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def is_beating(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=2.0)

    def beat(self) -> None:
        """One heartbeat; registers the daemon when it is not, or no longer, registered. psycopg.Error on failure."""
        upkeep = self._desk.upkeep
        sent_ns = since_boot_ns()
        answer = None
        if self._board.is_registered:
            answer = upkeep.heartbeat(self._board.holder, self._snapshot(), idle=bool(self._board.advertised))
        if answer is None and not self._stop.is_set():
            self._register_anew(upkeep)
            sent_ns = since_boot_ns()
            answer = upkeep.heartbeat(self._board.holder, self._snapshot(), idle=bool(self._board.advertised))
        if answer is None:
            return
        self._board.clock_offset_us = int((answer.database_seconds - time.time()) * 1e6)
        was_closed = self._board.claim_until_ns <= sent_ns
        self._board.claim_until_ns = sent_ns + self._trust_ns
        if was_closed:
            self._open_the_gate()

    def _register_anew(self, upkeep: Upkeep) -> None:
        """Under a new UUID: what the old one still has locked is for whoever rescues it."""
        if self._board.is_registered:
            log.warning("daemon.lease_lost", consequence="registered anew; jobs in hand may be performed twice")
        self._board.claim_until_ns = 0
        holder = uuid.uuid4()
        self._register(upkeep, holder)
        self._board.holder = holder

    def _open_the_gate(self) -> None:
        for bell in self._premises.worker_bells:
            bell.ring()
        self._premises.supervisor_bell.ring()

    def _run(self) -> None:
        wait = 0.0
        while not self._stop.wait(wait):
            wait = self.period_seconds
            try:
                self.beat()
            except psycopg.Error as error:
                log.warning("heartbeat.failed", error=f"{type(error).__name__}: {error}")
                self._desk.close()
                wait = min(1.0, self.period_seconds)
        self._desk.close()
