"""A connection to the configured database, for the commands that need one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg

from delayed_daemon.config import Config
from delayed_daemon.embedded.server import EmbeddedServer
from delayed_daemon.errors import StoreError
from delayed_daemon.store import migration
from delayed_daemon.store.connection import Connection, connect
from delayed_daemon.store.failures import why_refused


def embedded_server(config: Config) -> EmbeddedServer:
    """The server that settings without a database URL mean; not started."""
    return EmbeddedServer(Path(config.data_dir) if config.data_dir else None)


@contextmanager
def opened(config: Config) -> Iterator[Connection]:
    """Connect; without a database URL, to the embedded server, which is started and held meanwhile.

    Raises `StoreError`, for an error of the database in the body too, and `EmbeddedServerError`.
    """
    if config.database_url is not None:
        with opened_at(config.database_url) as connection:
            yield connection
        return
    with embedded_server(config) as server, opened_at(server.url) as connection:
        yield connection


@contextmanager
def opened_as_it_is(config: Config) -> Iterator[Connection]:
    """As `opened`, for a database that has our tables; an embedded server that is not running is a `StoreError`."""
    url = config.database_url or embedded_server(config).find()
    if url is None:
        data_dir = embedded_server(config).data_dir
        raise StoreError(f"the embedded PostgreSQL in {data_dir} is not running: start the daemon, which runs it")
    with opened_at(url) as connection:
        migration.check(connection, config.schema)
        yield connection


@contextmanager
def opened_at(url: str) -> Iterator[Connection]:
    """As `opened`, for the database at a URL; starts no server."""
    with closing(_connected(url)) as connection:
        try:
            yield connection
        except psycopg.errors.LockNotAvailable as error:
            raise StoreError("another session keeps the tables locked; try again when it is done") from error
        except psycopg.Error as error:
            raise StoreError(f"the database refused: {error.diag.message_primary or _one_line(error)}") from error


def _connected(url: str) -> Connection:
    try:
        return connect(url, application_name="delayed-daemon command")
    except psycopg.Error as error:
        raise StoreError(why_refused(error) or f"the database cannot be reached: {_one_line(error)}") from error


def _one_line(error: psycopg.Error) -> str:
    return " ".join(str(error).split()) or type(error).__name__
