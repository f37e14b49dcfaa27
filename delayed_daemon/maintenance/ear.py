"""Hearing that jobs were enqueued."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import psycopg
import structlog

from delayed_daemon.backoff import Backoff
from delayed_daemon.config import Pool
from delayed_daemon.store.connection import Connection
from delayed_daemon.store.enqueue import CHANNEL

log = structlog.get_logger()

_PROBE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Call:
    """Jobs are ready: of this queue and priority, or, where they are None, of any."""

    queue: str | None = None
    priority: int | None = None

    def concerns(self, pool: Pool) -> bool:
        """A worker of this pool may be able to claim one of them."""
        return self.queue is None or self.priority is None or pool.serves(self.queue, self.priority)


class Ear:
    """LISTENs on a connection of its own, and makes sure that it still hears.

    A connection can be half open, or go through a pooler that forgets LISTEN: so a probe is sent on
    it now and then, and when it is not heard, the connection is opened again. Polling is the backstop.
    """

    def __init__(self, connect: Callable[[], Connection], schema: str) -> None:
        self._connect = connect
        self._schema = schema
        self._connection: Connection | None = None
        self._backoff = Backoff(0.1, 30.0)
        self._not_before = 0.0
        self._probed_at = 0.0
        self._heard_probe = True

    def fileno(self) -> int | None:
        return self._connection.fileno() if self._connection is not None else None

    def listen(self, now: float) -> list[Call]:
        """Open or probe when it is time; the calls since the last time, for the tables of this schema."""
        try:
            if self._connection is None:
                return self._open(now)
            heard = [self._understood(notification.payload) for notification in self._connection.notifies(timeout=0)]
            self._probe(now)
        except psycopg.Error as error:
            self._lose(error, now)
            return []
        return [call for call in heard if call is not None]

    def next_look(self, now: float) -> float:
        """Seconds until `listen` has something to do of its own."""
        return max(0.0, (self._not_before if self._connection is None else self._probed_at + _PROBE_SECONDS) - now)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self, now: float) -> list[Call]:
        """Whoever enqueued while nobody listened is answered by one look at the table."""
        if now < self._not_before:
            return []
        self._connection = self._connect()
        self._connection.execute(f"LISTEN {CHANNEL}")
        self._probed_at, self._heard_probe = now, True
        self._backoff.reset()
        return [Call()]

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

    def _understood(self, payload: str) -> Call | None:
        """A payload is ``schema``, or ``schema queue priority``; whatever else anyone may send is not for us."""
        if payload == self._probe_text():
            self._heard_probe = True
            return None
        match payload.split(" "):
            case [schema] if schema == self._schema:
                return Call()
            case [schema, queue, priority] if schema == self._schema:
                return Call(queue, _number(priority))
        return None

    def _lose(self, error: psycopg.Error, now: float) -> None:
        if self._backoff.fresh:
            log.warning("listener.lost", error=f"{type(error).__name__}: {error}", consequence="polling")
        self.close()
        self._not_before = now + self._backoff.next()


def _number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None
