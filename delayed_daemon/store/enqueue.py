"""The request that inserts jobs, as a value: whoever has a connection, of either kind, executes it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from delayed_daemon.store.moments import timestamp_text
from delayed_daemon.store.statements import statements

CHANNEL = "delayed_jobs"

Wake = Literal["never", "when_idle", "always"]
"""When a statement that makes jobs ready notifies: ``when_idle`` while a living daemon has an idle worker."""


class NewJob(NamedTuple):
    """A row to insert. It runs at ``run_at`` (aware), or ``delay`` seconds from the database's now, or at once.

    After ``expires_at`` (aware), or ``expires_in`` seconds from the database's now, it is not started any more.
    """

    handler: str
    queue: str
    priority: int = 0
    run_at: datetime | None = None
    delay: float | None = None
    expires_at: datetime | None = None
    expires_in: float | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A statement and its parameters, for ``cursor.execute(statement, parameters)``.

    The rows are ``(id, run_at, expires_at)``, times in seconds since 1970, one for each job in the order given;
    use a cursor with ``row_factory=tuple_row``. Depends on no setting of the session. Neither begins nor ends a
    transaction.
    """

    statement: bytes
    parameters: dict[str, Any]


def enqueue_request(schema: str, job: NewJob, wake: Wake = "when_idle") -> Request:
    """The request that inserts one job."""
    return Request(
        statements(schema)["enqueue"],
        {
            "handler": job.handler,
            "queue": job.queue,
            "priority": job.priority,
            "run_at": timestamp_text(job.run_at),
            "delay": job.delay,
            "expires_at": timestamp_text(job.expires_at),
            "expires_in": job.expires_in,
            "wake": wake,
            "payload": f"{schema} {job.queue} {job.priority}",
        },
    )


def enqueue_many_request(schema: str, jobs: Sequence[NewJob], wake: Wake = "when_idle") -> Request:
    """The request that inserts jobs in one statement, with one notification at most."""
    return Request(
        statements(schema)["enqueue_many"],
        {
            "handlers": [job.handler for job in jobs],
            "queues": [job.queue for job in jobs],
            "priorities": [job.priority for job in jobs],
            "run_ats": [timestamp_text(job.run_at) for job in jobs],
            "delays": [job.delay for job in jobs],
            "expiries": [timestamp_text(job.expires_at) for job in jobs],
            "lives": [job.expires_in for job in jobs],
            "wake": wake,
            "payload": wake_payload(schema, {(job.queue, job.priority) for job in jobs}),
        },
    )


def wake_payload(schema: str, kinds: Collection[tuple[str, int]]) -> str:
    """What the notification about new jobs of these queues and priorities says."""
    return schema if len(kinds) != 1 else "{} {} {}".format(schema, *next(iter(kinds)))
