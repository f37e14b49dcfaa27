"""Hearing that jobs were enqueued."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import structlog

from delayed_daemon.backoff import Backoff
from delayed_daemon.config import Config
from delayed_daemon.store.connection import Connection
from delayed_daemon.store.enqueue import CHANNEL

log = structlog.get_logger()

_PROBE_SECONDS = 15.0


class Ear:
    """LISTENs on a connection of its own, and makes sure that it still hears.

    A connection can be half open, or go through a pooler that forgets LISTEN: so a probe is sent on
    it now and then, and when it is not heard, the connection is opened again. Polling is the backstop.
    """

    def __init__(self, connect: Callable[[], Connection], config: Config) -> None:
        self._connect = connect
        self._config = config
        self._connection: Connection | None = None
        self._backoff = Backoff(0.1, 30.0)
        self._not_before = 0.0
        self._probed_at = 0.0
        self._heard_probe = True

    def fileno(self) -> int | None:
        return self._connection.fileno() if self._connection is not None else None

    def listen(self, now: float) -> int:
        """Open or probe when it is time; how many of the notifications since the last call concern this daemon."""
        try:
            if self._connection is None:
                return self._open(now)
            concerns = sum(
                self._concerns(notification.payload) for notification in self._connection.notifies(timeout=0)
            )
            self._probe(now)
        except psycopg.Error as error:
            self._lose(error, now)
            return 0
        return concerns

    def next_look(self, now: float) -> float:
        """Seconds until `listen` has something to do of its own."""
        return max(0.0, (self._not_before if self._connection is None else self._probed_at + _PROBE_SECONDS) - now)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self, now: float) -> int:
        """Whoever enqueued while nobody listened is answered by one look at the table."""
        if now < self._not_before:
            return 0
        self._connection = self._connect()
        self._connection.execute(f"LISTEN {CHANNEL}")
        self._probed_at, self._heard_probe = now, True
        self._backoff.reset()
        return 1

    def _probe(self, now: float) -> None:
        if now - self._probed_at < _PROBE_SECONDS or self._connection is None:
            return
        if not self._heard_probe:
            raise psycopg.OperationalError(
                "the connection does not hear notifications (LISTEN needs a session of its own)"
            )
        self._probed_at, self._heard_probe = now, False
        self._connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, self._probe_text()))

    def _probe_text(self) -> str:
        assert self._connection is not None
        return f"probe {self._connection.info.backend_pid}"

    def _concerns(self, payload: str) -> bool:
        """A payload is ``schema``, or ``schema queue priority``; whatever else anyone may send is not for us."""
        if payload == self._probe_text():
            self._heard_probe = True
            return False
        match payload.split(" "):
            case [schema]:
                return schema == self._config.schema
            case [schema, queue, priority]:
                return schema == self._config.schema and self._serves(queue, priority)
        return False

    def _serves(self, queue: str, priority: str) -> bool:
        config = self._config
        if config.queues and queue not in config.queues:
            return False
        try:
            number = int(priority)
        except ValueError:
            return True
        least, most = config.min_priority, config.max_priority
        return (least is None or number >= least) and (most is None or number <= most)

    def _lose(self, error: psycopg.Error, now: float) -> None:
        if self._backoff.fresh:
            log.warning("listener.lost", error=f"{type(error).__name__}: {error}", consequence="polling")
        self.close()
        self._not_before = now + self._backoff.next()
