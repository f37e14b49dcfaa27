"""``enqueue`` and ``enqueue_many``: objects become rows."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, overload

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from delayed_daemon.client.configuration import configuration
from delayed_daemon.client.connections import connections
from delayed_daemon.errors import InvalidJob
from delayed_daemon.execution import members
from delayed_daemon.job import QUEUE_NAME, Job
from delayed_daemon.payload import dump
from delayed_daemon.store.enqueue import NewJob, Request, Wake, enqueue_many_request, enqueue_request
from delayed_daemon.store.migration import tables_missing

When = datetime | timedelta | int | float
Priority = int | str
AnyConnection = psycopg.Connection[Any] | psycopg.AsyncConnection[Any]

_QUEUE = re.compile(QUEUE_NAME)
_PRIORITIES = range(-(2**31), 2**31)
_LONGEST_DELAY = timedelta(days=366_000)


@overload
def enqueue(
    payload: object,
    *,
    priority: Priority | None = None,
    run_at: When | None = None,
    queue: str | None = None,
    connection: psycopg.Connection[Any] | None = None,
) -> Job: ...
@overload
def enqueue(
    payload: object,
    *,
    priority: Priority | None = None,
    run_at: When | None = None,
    queue: str | None = None,
    connection: psycopg.AsyncConnection[Any],
) -> Awaitable[Job]: ...
def enqueue(
    payload: object,
    *,
    priority: Priority | None = None,
    run_at: When | None = None,
    queue: str | None = None,
    connection: AnyConnection | None = None,
) -> Job | Awaitable[Job]:
    """Put one job into the table: any object with a ``perform`` method.

    ``priority``: lower first, a number or a name of the setting ``priorities``; unless given, the payload's
    ``priority``, else the one that ``queue_attributes`` has for the queue, else ``default_priority``. ``run_at``: an
    aware datetime, a timedelta or seconds from now; at once unless given. ``queue``: unless given, the payload's
    ``queue_name``, else ``default_queue``. With ``connection`` the row joins the caller's transaction, which is
    neither committed nor rolled back here; with an AsyncConnection the result is to be awaited. Raises `InvalidJob`
    or `SerializationError`, naming the option or field, before anything is sent; `SchemaMissing` when there
    are no tables; psycopg.Error from the database.
    """
    job, new = _prepare(payload, priority, run_at, queue)
    request = enqueue_request(configuration.current.schema, new, _wake(connection))
    if isinstance(connection, psycopg.AsyncConnection):
        return _first(_execute_async(connection, request, [job]))
    return _execute(connection, request, [job])[0]


@overload
def enqueue_many(
    payloads: Iterable[object],
    *,
    priority: Priority | None = None,
    run_at: When | None = None,
    queue: str | None = None,
    connection: psycopg.Connection[Any] | None = None,
) -> list[Job]: ...
@overload
def enqueue_many(
    payloads: Iterable[object],
    *,
    priority: Priority | None = None,
    run_at: When | None = None,
    queue: str | None = None,
    connection: psycopg.AsyncConnection[Any],
) -> Awaitable[list[Job]]: ...
def enqueue_many(
    payloads: Iterable[object],
    *,
    priority: Priority | None = None,
    run_at: When | None = None,
    queue: str | None = None,
    connection: AnyConnection | None = None,
) -> list[Job] | Awaitable[list[Job]]:
    """As `enqueue`, for many objects in one statement: all of them, or none. The jobs come in the order given.

    An error about one of them has a note with its index.
    """
    prepared = []
    for index, payload in enumerate(payloads):
        try:
            prepared.append(_prepare(payload, priority, run_at, queue))
        except Exception as error:
            error.add_note(f"enqueue_many: item {index}; nothing was enqueued")
            raise
    jobs = [job for job, _ in prepared]
    request = enqueue_many_request(configuration.current.schema, [new for _, new in prepared], _wake(connection))
    if isinstance(connection, psycopg.AsyncConnection):
        return _execute_async(connection, request, jobs)
    return _execute(connection, request, jobs) if jobs else []


def _prepare(payload: object, priority: Priority | None, run_at: When | None, queue: str | None) -> tuple[Job, NewJob]:
    """Settle the options, run the ``enqueue`` hook (whose error stops the enqueuing), and write the handler."""
    config = configuration.current
    at, delay = _moment(run_at)
    queue = _first_given(queue, members.setting(payload, "queue_name"), config.default_queue)
    of_queue = dict(config.queue_attributes).get(queue)
    job = Job(
        payload,
        queue=queue,
        priority=number_of(
            _first_given(priority, members.setting(payload, "priority"), of_queue, config.default_priority)
        ),
        run_at=at,
        handler=dump(payload),
    )
    if getattr(payload, "enqueue", None) is not None:
        members.call_hook("enqueue", job)
        job.priority = number_of(job.priority)
        job.handler = dump(payload)
    if job.run_at is not at:
        at, delay = _moment(job.run_at)
    _check(job)
    return job, NewJob(job.handler, job.queue, job.priority, at, delay)


def number_of(priority: Priority) -> int:
    """The number of a named priority, or the number itself. `InvalidJob` when nothing has that name."""
    if not isinstance(priority, str):
        return priority
    named = dict(configuration.current.priorities)
    if priority not in named:
        known = f"; there are {', '.join(named)}" if named else ": none are configured (priorities)"
        raise InvalidJob(f"priority: nothing is named {priority!r}{known}")
    return named[priority]


def _first_given(*values: Any) -> Any:
    return next(value for value in values if value is not None)


def _moment(run_at: When | None) -> tuple[datetime | None, float | None]:
    """An absolute time, or seconds from the database's now."""
    if run_at is None:
        return None, None
    if isinstance(run_at, datetime):
        if run_at.tzinfo is None or run_at.utcoffset() is None:
            raise InvalidJob(f"run_at: {run_at.isoformat()} has no time zone; use an aware datetime")
        return run_at, None
    if isinstance(run_at, timedelta):
        delay = run_at.total_seconds()
    elif isinstance(run_at, int | float) and not isinstance(run_at, bool):
        delay = float(run_at)
    else:
        raise InvalidJob(f"run_at: an aware datetime, a timedelta or seconds from now, not {run_at!r}")
    if not abs(delay) <= _LONGEST_DELAY.total_seconds():
        raise InvalidJob(f"run_at: {delay} seconds from now is out of range")
    return None, delay


def _check(job: Job) -> None:
    if not isinstance(job.queue, str) or not _QUEUE.fullmatch(job.queue):
        raise InvalidJob(
            f"queue: {job.queue!r} is not 1 to 100 characters without comma, white space and control characters"
        )
    if not isinstance(job.priority, int) or isinstance(job.priority, bool) or job.priority not in _PRIORITIES:
        raise InvalidJob(f"priority: {job.priority!r} is not a whole number of 32 bits")


def _wake(connection: AnyConnection | None) -> Wake:
    """In a transaction of the caller's, which may end much later, whether a worker is idle now says nothing."""
    if not configuration.current.wake_ups:
        return "never"
    if connection is None or (connection.autocommit and connection.info.transaction_status is TransactionStatus.IDLE):
        return "when_idle"
    return "always"


def _execute(connection: psycopg.Connection[Any] | None, request: Request, jobs: list[Job]) -> list[Job]:
    if connection is not None:
        with _tables_expected(), connection.cursor(row_factory=tuple_row) as cursor:
            return _numbered(jobs, cursor.execute(request.statement, request.parameters).fetchall())
    own = connections.get()
    try:
        with _tables_expected():
            return _numbered(jobs, own.execute(request.statement, request.parameters).fetchall())
    except psycopg.OperationalError:
        connections.drop()
        raise


async def _execute_async(connection: psycopg.AsyncConnection[Any], request: Request, jobs: list[Job]) -> list[Job]:
    if not jobs:
        return []
    with _tables_expected():
        async with connection.cursor(row_factory=tuple_row) as cursor:
            await cursor.execute(request.statement, request.parameters)
            return _numbered(jobs, await cursor.fetchall())


@contextmanager
def _tables_expected() -> Iterator[None]:
    try:
        yield
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
        raise tables_missing(configuration.current.schema) from error


async def _first(jobs: Awaitable[list[Job]]) -> Job:
    return (await jobs)[0]


def _numbered(jobs: list[Job], rows: list[tuple[Any, ...]]) -> list[Job]:
    for job, (job_id, run_at) in zip(jobs, rows, strict=True):
        job.id = job_id
        job.run_at = _from_epoch(run_at)
    return jobs


def _from_epoch(seconds: float) -> datetime | None:
    """None for a time that Python cannot express."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
