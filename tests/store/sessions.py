"""A migrated schema, sessions on it, and what a test wants to see of its rows."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from psycopg import sql
from psycopg.rows import namedtuple_row

from delayed_daemon.outcome import ErrorReport
from delayed_daemon.store.connection import Connection, connect
from delayed_daemon.store.enqueue import NewJob
from delayed_daemon.store.migration import migrate
from delayed_daemon.store.queue import ClaimedJob, JobQueue
from delayed_daemon.store.upkeep import DaemonRow, Upkeep
from tests.waiting import wait_until

REPORT = ErrorReport("Traceback …\nValueError: no such mail", "ValueError: no such mail")


class Sessions:
    """The sessions of one test on one schema; all are closed with it."""

    def __init__(self, url: str, schema: str) -> None:
        self.url = url
        self.schema = schema
        self._open: list[Connection] = []
        self.connection = self.connect()
        migrate(self.connection, schema)
        self.queue = JobQueue(self.connection, schema)
        self.upkeep = Upkeep(self.connection, schema)

    def connect(self) -> Connection:
        connection = connect(self.url, application_name="delayed-daemon test")
        self._open.append(connection)
        return connection

    def another(self) -> tuple[Connection, JobQueue, Upkeep]:
        """One more session: its connection, and both sets of statements on it."""
        connection = self.connect()
        return connection, JobQueue(connection, self.schema), Upkeep(connection, self.schema)

    def close(self) -> None:
        while self._open:
            self._open.pop().close()

    def run(self, statement: str, parameters: Sequence[Any] | None = None) -> list[Any]:
        """Run SQL with ``{jobs}`` and ``{daemons}`` in it, on a session of its own; rows as named tuples."""
        composed = sql.SQL(statement).format(
            jobs=sql.Identifier(self.schema, "delayed_jobs"),
            daemons=sql.Identifier(self.schema, "delayed_daemons"),
            schema=sql.Identifier(self.schema),
        )
        with connect(self.url, application_name="delayed-daemon look") as connection:
            cursor = connection.cursor(row_factory=namedtuple_row).execute(composed, parameters, prepare=False)
            return cursor.fetchall() if cursor.description else []

    def add(self, count: int = 1, **traits: Any) -> list[int]:
        """Enqueue that many jobs of one kind."""
        return self.queue.enqueue_many(
            [NewJob(**{"handler": "!job:shop.Mail {}", "queue": "default", **traits})] * count
        )

    def row(self, id: int) -> Any:
        return self.run("SELECT *, run_at - now() AS wait FROM {jobs} WHERE id = %s", [id])[0]

    def ids(self) -> list[int]:
        return [row.id for row in self.run("SELECT id FROM {jobs} ORDER BY id")]


class Claimant:
    """A worker of a daemon, as far as the table sees it: a prefix, and claim numbers that only rise."""

    def __init__(
        self, queue: JobQueue, name: str = "host", start: uuid.UUID | None = None, generation: int = 1
    ) -> None:
        self.queue = queue
        self.start = start or uuid.uuid4()
        self.daemon_prefix = f"{name}:7/{self.start.hex}/"
        self.prefix = f"{self.daemon_prefix}{generation}/"
        self.claims = 0

    @property
    def token(self) -> str:
        """The token of the last claim."""
        return f"{self.prefix}{self.claims}"

    def claim(self, count: int = 1, **scope: Any) -> list[ClaimedJob]:
        self.claims += 1
        return self.queue.claim(count, self.token, **scope)

    def daemon_row(self, lease_seconds: float = 600.0) -> DaemonRow:
        name, pid = self.daemon_prefix.split("/")[0].split(":")
        return DaemonRow(
            id=self.start, name=name, host="host.example", pid=int(pid), boot_id="boot", version="0.1",
            workers=1, lease_seconds=lease_seconds,
        )  # fmt: skip


def lapse(sessions: Sessions, claimant: Claimant) -> None:
    """Move the daemon's last heartbeat an hour back."""
    sessions.run("UPDATE {daemons} SET heartbeat_at = now() - interval '1 hour' WHERE id = %s", [claimant.start])


@contextmanager
def in_background(work: Callable[[], Any]) -> Iterator[Future[Any]]:
    with ThreadPoolExecutor(1) as threads:
        yield threads.submit(work)


def wait_until_blocked(observer: Connection, connection: Connection) -> None:
    """Wait until that session waits for a lock, as the observer sees it."""
    pid = connection.info.backend_pid
    seek = "SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted"
    wait_until(lambda: observer.execute(seek, [pid]).fetchone(), f"session {pid} waits for a lock")
