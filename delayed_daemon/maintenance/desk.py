"""Maintenance's bookkeeping connection, and what works through it."""

from __future__ import annotations

from collections.abc import Callable

from delayed_daemon.store.connection import Connection
from delayed_daemon.store.queue import JobQueue
from delayed_daemon.store.upkeep import Upkeep


class Desk:
    """Opened when it is first needed, and again after `close`."""

    def __init__(self, connect: Callable[[], Connection], schema: str) -> None:
        self._connect = connect
        self._schema = schema
        self._connection: Connection | None = None

    @property
    def queue(self) -> JobQueue:
        return JobQueue(self._open(), self._schema)

    @property
    def upkeep(self) -> Upkeep:
        return Upkeep(self._open(), self._schema)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection
