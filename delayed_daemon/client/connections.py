"""The producing side's own connections: one per thread, none shared with a forked child."""

from __future__ import annotations

import atexit
import os
import select
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from delayed_daemon.client.configuration import configuration
from delayed_daemon.embedded.server import EmbeddedServer
from delayed_daemon.store.connection import Connection, connect
from delayed_daemon.store.migration import migrate

AnyConnection = psycopg.Connection[Any] | psycopg.AsyncConnection[Any]


class Connections(threading.local):
    """This thread's connection to the configured database; opened when it is needed, and again when it was lost."""

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._opened_for: tuple[int, int] | None = None

    def get(self) -> Connection:
        """A connection that nobody else uses, outside of a transaction. psycopg.Error when there is none to be had."""
        wanted = (os.getpid(), configuration.revision)
        if self._opened_for != wanted:
            self._part_with()
        elif self._connection is not None and is_stale(self._connection):
            self.drop()
        if self._connection is None:
            self._connection = connect(server.url(), application_name="delayed-daemon producer")
            self._opened_for = wanted
        return self._connection

    @contextmanager
    def use(self) -> Iterator[Connection]:
        """As `get`; an error that leaves its state unknown closes it."""
        connection = self.get()
        try:
            yield connection
        except psycopg.OperationalError:
            self.drop()
            raise

    def drop(self) -> None:
        """Close it, after an error that leaves its state unknown."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _part_with(self) -> None:
        """A connection inherited over a fork is the parent's: closing it in order would end the parent's session."""
        if self._connection is not None and self._opened_for is not None and self._opened_for[0] != os.getpid():
            leave_to_the_parent(self._connection)
            self._connection = None
        self.drop()


class Server:
    """Where the configured database is; without a URL, the embedded server, held as long as this process lives."""

    def __init__(self) -> None:
        self._embedded: EmbeddedServer | None = None
        self._lock = threading.Lock()

    def url(self) -> str:
        config = configuration.current
        if config.database_url is not None:
            return config.database_url
        data_dir = Path(config.data_dir) if config.data_dir else None
        with self._lock:
            if self._embedded is None:
                self._embedded = self._acquire(data_dir, config.schema)
            return self._embedded.url

    @staticmethod
    def _acquire(data_dir: Path | None, schema: str) -> EmbeddedServer:
        """Hold the server until this process ends; the first who comes, application or daemon, makes the tables."""
        embedded = EmbeddedServer(data_dir)
        url = embedded.acquire()
        atexit.register(embedded.release)
        with closing(connect(url, application_name="delayed-daemon producer")) as connection:
            migrate(connection, schema)
        return embedded


_inherited: list[AnyConnection] = []
connections = Connections()
server = Server()


def leave_to_the_parent(connection: AnyConnection) -> None:
    """It came over a fork: this process lets go of the socket and says nothing to the server."""
    os.close(connection.fileno())
    _inherited.append(connection)


def is_stale(connection: AnyConnection) -> bool:
    """An idle connection has nothing to say: one that has was closed by the server."""
    if connection.closed or connection.info.transaction_status is not TransactionStatus.IDLE:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
