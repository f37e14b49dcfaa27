"""Asking the server itself: does it answer, and does it have our database?"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import pq
from psycopg.conninfo import make_conninfo

from delayed_daemon.embedded.creation import SUPERUSER
from delayed_daemon.embedded.places import PORT
from delayed_daemon.errors import EmbeddedServerError

_TIMEOUT_SECONDS = 5


def url(socket_dir: Path, role: str = "delayed", database: str = "delayed") -> str:
    """The URL of the server: the socket's directory is a parameter, which libpq, SQLAlchemy and Django all read."""
    return f"postgresql://{role}@/{database}?host={quote(str(socket_dir), safe='')}&port={PORT}"


def ping(socket_dir: Path) -> pq.Ping:
    """OK: takes connections; REJECT: is starting or stopping; NO_RESPONSE: nobody is there."""
    return pq.Ping(pq.PGconn.ping(_superuser_conninfo(socket_dir).encode()))


def ensure_database(socket_dir: Path) -> None:
    """Create the role and the database where they are missing: the proof that the server works, too."""
    try:
        with psycopg.connect(_superuser_conninfo(socket_dir), autocommit=True) as connection:
            _create_missing(connection)
    except psycopg.Error as error:
        raise EmbeddedServerError(f"the embedded server started, but cannot be used: {error}") from error


def _create_missing(connection: psycopg.Connection) -> None:
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'delayed'").fetchone():
        connection.execute("CREATE ROLE delayed LOGIN")
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'delayed'").fetchone():
        connection.execute("CREATE DATABASE delayed OWNER delayed")


def _superuser_conninfo(socket_dir: Path) -> str:
    host = str(socket_dir)
    return make_conninfo(host=host, port=PORT, user=SUPERUSER, dbname="postgres", connect_timeout=_TIMEOUT_SECONDS)
