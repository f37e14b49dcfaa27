"""``enqueue`` and ``enqueue_many``: objects become rows."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from contextlib import nullcontext
from typing import Any, overload

import psycopg

from delayed_daemon.client.batch import Batch
from delayed_daemon.client.batch_insertion import insert_batch, insert_batch_async
from delayed_daemon.client.configuration import configuration
from delayed_daemon.client.connections import AnyConnection, connections
from delayed_daemon.client.handle import Job
from delayed_daemon.client.inline import perform_inline, perform_inline_async
from delayed_daemon.client.inserting import insert, insert_async
from delayed_daemon.client.moments import When
from delayed_daemon.client.preparing import Options, Priority, prepare
from delayed_daemon.store.enqueue import NewJob


@overload
def enqueue(
    payload: object,
    *,
    priority: Priority | None = None,
    run_at: When | None = None,
    queue: str | None = None,
    expires_at: When | None = None,
    connection: psycopg.Connection[Any] | None = None,
) -> Job: ...
@overload
def enqueue(
    payload: object,
    *,
    priority: Priority | None = None,
    run_at: When | None = None,
    queue: str | None = None,
    expires_at: When | None = None,
    connection: psycopg.AsyncConnection[Any],
) -> Awaitable[Job]: ...
def enqueue(
    payload: object,
    *,
    priority: Priority | None = None,
    run_at: When | None = None,
    queue: str | None = None,
    expires_at: When | None = None,
    connection: AnyConnection | None = None,
) -> Job | Awaitable[Job]:
    """Put one job into the table: any object with a ``perform`` method.

    ``priority``: lower first, a number or a name of the setting ``priorities``; unless given, the payload's
    ``priority``, else the one that ``queue_attributes`` has for the queue, else ``default_priority``. ``run_at``: an
    aware datetime, a timedelta or seconds from now; at once unless given. ``queue``: unless given, the payload's
    ``queue_name``, else ``default_queue``. ``expires_at``, in the same forms as ``run_at``: not started by then,
    the job fails with that reason instead. With ``connection`` the row joins the caller's transaction, which is
    neither committed nor rolled back here; with an AsyncConnection the result is to be awaited. Raises `InvalidJob`
    or `SerializationError`, naming the option or field, before anything is sent; `SchemaMissing` when there
    are no tables; psycopg.Error from the database.
    """
    job, new = prepare(payload, Options(priority, run_at, queue, expires_at))
    if isinstance(connection, psycopg.AsyncConnection):
        return _one_async(connection, job, new)
    if not configuration.delays(job):
        perform_inline([job])
        return job
    with connections.use() if connection is None else nullcontext(connection) as used:
        insert(used, job, new)
    return job


@overload
def enqueue_many(
    payloads: Iterable[object],
    *,
    priority: Priority | None = None,
    run_at: When | None = None,
    queue: str | None = None,
    expires_at: When | None = None,
    connection: psycopg.Connection[Any] | None = None,
) -> list[Job]: ...
@overload
def enqueue_many(
    payloads: Iterable[object],
    *,
    priority: Priority | None = None,
    run_at: When | None = None,
    queue: str | None = None,
    expires_at: When | None = None,
    connection: psycopg.AsyncConnection[Any],
) -> Awaitable[list[Job]]: ...
def enqueue_many(
    payloads: Iterable[object],
    *,
    priority: Priority | None = None,
    run_at: When | None = None,
    queue: str | None = None,
    expires_at: When | None = None,
    connection: AnyConnection | None = None,
) -> list[Job] | Awaitable[list[Job]]:
    """As `enqueue`, for many objects at once: all of them, or none. The jobs come in the order given.

    An error about one of them has a note with its index.
    """
    batch = Batch()
    for _ in batch.take(payloads, Options(priority, run_at, queue, expires_at)):
        pass
    jobs, inline = batch.jobs, batch.take_out_inline()
    if isinstance(connection, psycopg.AsyncConnection):
        return _many_async(connection, batch, jobs, inline)
    if batch.jobs:
        with connections.use() if connection is None else nullcontext(connection) as used:
            insert_batch(used, batch)
    perform_inline(inline)
    return jobs


async def _one_async(connection: psycopg.AsyncConnection[Any], job: Job, new: NewJob) -> Job:
    if configuration.delays(job):
        await insert_async(connection, job, new)
    else:
        await perform_inline_async([job])
    return job


async def _many_async(
    connection: psycopg.AsyncConnection[Any], batch: Batch, jobs: list[Job], inline: list[Job]
) -> list[Job]:
    if batch.jobs:
        await insert_batch_async(connection, batch)
    await perform_inline_async(inline)
    return jobs
