"""Throw-away PostgreSQL servers, and a schema of its own for each test."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from delayed_daemon.embedded import binaries, readiness
from delayed_daemon.embedded.server import EmbeddedServer

# Stops the servers of a test run that was itself killed: it reads until the run's end of the pipe is closed.
_GUARD = """
import pathlib, shutil, sys, time
from delayed_daemon.embedded import cluster, postmaster

sys.stdin.read()
directory = pathlib.Path(sys.argv[1])
for path in directory.glob("**/pg[0-9]*/"):
    running = postmaster.recorded(cluster.Cluster(path, 0))
    if running:
        running.interrupt()
deadline = time.monotonic() + 30
while directory.exists() and time.monotonic() < deadline:
    shutil.rmtree(directory, ignore_errors=True)
    time.sleep(0.05)
"""


@dataclass
class Database:
    """One test's place in the shared database: ``schema`` does not exist yet, and is dropped afterwards."""

    url: str
    schema: str
    _connections: list[psycopg.Connection] = field(default_factory=list)

    def connect(self) -> psycopg.Connection:
        """A connection in autocommit mode whose search_path is the test's schema; closed after the test."""
        connection = psycopg.connect(self.url, autocommit=True, options=f"-c search_path={self.schema}")
        self._connections.append(connection)
        return connection

    def close(self) -> None:
        while self._connections:
            self._connections.pop().close()


@contextmanager
def throw_away_directory() -> Iterator[Path]:
    """A directory for servers, which the servers' account can pass; pytest's own is closed to others.

    Servers that still run in it at the end, however the end comes, are stopped.
    """
    path = Path(tempfile.mkdtemp(prefix="delayed-daemon-test-"))
    path.chmod(0o711)
    guard = subprocess.Popen([sys.executable, "-c", _GUARD, str(path)], stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield path
    finally:
        guard.communicate()


@contextmanager
def throw_away_server() -> Iterator[EmbeddedServer]:
    """A server without fsync; $DELAYED_DAEMON_TEST_SERVER_BIN chooses another PostgreSQL."""
    bin_dir = os.environ.get("DELAYED_DAEMON_TEST_SERVER_BIN")
    with throw_away_directory() as directory:
        data_dir = directory / "data"
        with EmbeddedServer(data_dir, durable=False, bin_dir=Path(bin_dir) if bin_dir else None) as server:
            yield server


@contextmanager
def fresh_schema(server: EmbeddedServer) -> Iterator[Database]:
    database = Database(server.url, f"test_{uuid.uuid4().hex[:16]}")
    try:
        yield database
    finally:
        database.close()
        drop_schema(superuser_url(server), database.schema)


def superuser_url(server: EmbeddedServer) -> str:
    """The same database as ``server.url``, as its superuser."""
    host = psycopg.conninfo.conninfo_to_dict(server.url)["host"]
    return readiness.url(Path(str(host)), role="postgres")


def drop_schema(url: str, schema: str) -> None:
    """Drop the schema, and end the sessions that still lock anything in it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM (SELECT DISTINCT l.pid FROM pg_locks l"
            " JOIN pg_class c ON c.oid = l.relation WHERE l.pid <> pg_backend_pid()"
            " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND c.relnamespace = to_regnamespace(%s)) holders",
            [schema],
        )
        connection.execute("SET lock_timeout = '10s'")
        connection.execute("SET client_min_messages = warning")
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))


def oldest_in_wheel() -> Path:
    """The programs of the oldest PostgreSQL that the wheel has: ``make test-all`` runs tests/store on it too."""
    return min(binaries._in_wheel(), key=_major)


def _major(directory: Path) -> int:
    found = binaries._inspect(directory)
    assert found is not None
    return found.major


if __name__ == "__main__":
    print(oldest_in_wheel())
