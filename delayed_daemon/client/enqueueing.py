"""``enqueue`` and ``enqueue_many``: objects become rows."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import Any, overload

import psycopg

from delayed_daemon.client.answers import wake_of
from delayed_daemon.client.configuration import configuration
from delayed_daemon.client.connections import AnyConnection
from delayed_daemon.client.handle import Job
from delayed_daemon.client.inline import apart, perform_inline, perform_inline_async
from delayed_daemon.client.inserting import first, insert, insert_async
from delayed_daemon.client.moments import When
from delayed_daemon.client.preparing import Options, Priority, prepare, prepare_many
from delayed_daemon.store.enqueue import NewJob, enqueue_many_request, enqueue_request


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
    job, new = prepare(payload, Options(priority, run_at, queue))
    if not configuration.delays(job):
        return _performed(job, connection)
    request = enqueue_request(configuration.current.schema, new, wake_of(connection))
    if isinstance(connection, psycopg.AsyncConnection):
        return first(insert_async(connection, request, [job]))
    return insert(connection, request, [job])[0]


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
    prepared = prepare_many(payloads, Options(priority, run_at, queue))
    delayed, inline = apart(prepared)
    jobs = [job for job, _ in delayed]
    request = enqueue_many_request(configuration.current.schema, [new for _, new in delayed], wake_of(connection))
    if isinstance(connection, psycopg.AsyncConnection):
        return _inserted_and_performed(prepared, insert_async(connection, request, jobs), inline)
    if jobs:
        insert(connection, request, jobs)
    perform_inline(inline)
    return [job for job, _ in prepared]


def _performed(job: Job, connection: AnyConnection | None) -> Job | Awaitable[Job]:
    if isinstance(connection, psycopg.AsyncConnection):
        return _performed_async(job)
    perform_inline([job])
    return job


async def _performed_async(job: Job) -> Job:
    await perform_inline_async([job])
    return job


async def _inserted_and_performed(
    prepared: list[tuple[Job, NewJob]], inserting: Awaitable[list[Job]], inline: list[Job]
) -> list[Job]:
    await inserting
    await perform_inline_async(inline)
    return [job for job, _ in prepared]
