"""What is in the tables, for people: the daemons, and how many jobs each queue has in each state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import class_row

from delayed_daemon.job import name_in
from delayed_daemon.store.connection import Connection
from delayed_daemon.store.statements import statements


@dataclass(frozen=True, kw_only=True)
class DaemonStatus:
    """One daemon's row. ``lapsed``: its lease has run out, so that it is dead, or cut off from the database.

    ``snapshot`` is what its maintenance published with the last heartbeat. No queues means all; a priority
    that is None is no bound.
    """

    id: UUID
    name: str
    host: str
    pid: int
    version: str
    queues: list[str]
    min_priority: int | None
    max_priority: int | None
    workers: int
    idle: bool
    lapsed: bool
    uptime_seconds: float
    heartbeat_age_seconds: float
    lease_seconds: float
    snapshot: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class JobCounts:
    """How many jobs are in each state; every job is in exactly one. ``oldest_ready_seconds``: None without any."""

    ready: int = 0
    scheduled: int = 0
    locked: int = 0
    failed: int = 0
    held: int = 0
    oldest_ready_seconds: float | None = None

    def __add__(self, other: JobCounts) -> JobCounts:
        ages = [counts.oldest_ready_seconds for counts in (self, other) if counts.oldest_ready_seconds is not None]
        return JobCounts(
            ready=self.ready + other.ready,
            scheduled=self.scheduled + other.scheduled,
            locked=self.locked + other.locked,
            failed=self.failed + other.failed,
            held=self.held + other.held,
            oldest_ready_seconds=max(ages, default=None),
        )


@dataclass(frozen=True)
class Overview:
    """The daemons in order of name, the queues that have jobs in order of name."""

    daemons: list[DaemonStatus]
    queues: dict[str, JobCounts] = field(default_factory=dict)

    @property
    def total(self) -> JobCounts:
        """The counts of all queues together."""
        return sum(self.queues.values(), start=JobCounts())


def overview(connection: Connection, schema: str) -> Overview:
    """Read all of it. Counting reads an index entry for every job."""
    texts = statements(schema)
    with connection.cursor(row_factory=class_row(DaemonStatus)) as cursor:
        daemons = cursor.execute(texts["list_daemons"]).fetchall()
    _name_jobs_in_hand(connection, schema, [daemon.snapshot for daemon in daemons])
    queues: dict[str, JobCounts] = {}
    for state, queue, count, age in connection.execute(texts["count_jobs"]):
        counts = JobCounts(**{state: count}, oldest_ready_seconds=age)
        queues[queue] = queues.get(queue, JobCounts()) + counts
    return Overview(daemons, queues)


class OldestReady(NamedTuple):
    """The ready job that has waited longest."""

    seconds: float
    id: int
    queue: str


def oldest_ready(connection: Connection, schema: str) -> OldestReady | None:
    """None when no job is ready. Costs the same however many jobs wait."""
    row = connection.execute(statements(schema)["oldest_ready"]).fetchone()
    return OldestReady(*row) if row else None


def _name_jobs_in_hand(connection: Connection, schema: str, snapshots: list[dict[str, Any]]) -> None:
    """Maintenance knows the jobs in hand by their numbers only: their names are in the table."""
    in_hand = [
        execution
        for snapshot in snapshots
        for worker in _mappings(snapshot.get("workers"))
        for execution in _mappings(worker.get("executions"))
        if isinstance(execution.get("job"), int)
    ]
    ids = {"ids": [execution["job"] for execution in in_hand]}
    rows = connection.execute(statements(schema)["name_jobs"], ids).fetchall() if in_hand else []
    handlers: dict[int, str] = {row[0]: row[1] for row in rows}
    for execution in in_hand:
        if execution["job"] in handlers:
            execution["name"] = name_in(handlers[execution["job"]])


def _mappings(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
