"""A database for a benchmark, with the tables in a schema of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from delayed_daemon.embedded.server import EmbeddedServer
from delayed_daemon.store import migration
from delayed_daemon.store.connection import connect

SCHEMA = "bench"


@contextmanager
def prepared(url: str | None) -> Iterator[str]:
    """The URL of a database with empty tables in the schema ``bench``; an embedded one, durable, unless given."""
    with _running(url) as running:
        connection = connect(running, application_name="bench")
        connection.execute("DROP SCHEMA IF EXISTS bench CASCADE")
        migration.migrate(connection, SCHEMA)
        connection.close()
        yield running
        with psycopg.connect(running, autocommit=True) as session:
            session.execute("DROP SCHEMA bench CASCADE")


@contextmanager
def _running(url: str | None) -> Iterator[str]:
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="delayed-daemon-bench-") as directory:
        Path(directory).chmod(0o755)
        with EmbeddedServer(Path(directory) / "data") as server:
            yield server.url
