"""``aenqueue`` and ``aenqueue_many``: as `enqueue` and `enqueue_many`, and the event loop goes on meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

import psycopg

from delayed_daemon.client.batch import Batch
from delayed_daemon.client.batch_insertion import insert_batch_async
from delayed_daemon.client.configuration import configuration
from delayed_daemon.client.inserting import insert_async
from delayed_daemon.client.loops import loop_connections
from delayed_daemon.client.preparing import Options, Priority, When, prepare
from delayed_daemon.job import Job


async def aenqueue(
    payload: object,
    *,
    priority: Priority | None = None,
    run_at: When | None = None,
    queue: str | None = None,
    expires_at: When | None = None,
    connection: psycopg.AsyncConnection[Any] | None = None,
) -> Job:
    """Put one job into the table, as `enqueue` does, with the same options and errors.

    Without ``connection`` the event loop's own is used, by one call at a time.
    """
    await _get_ready()
    job, new = prepare(payload, Options(priority, run_at, queue, expires_at))
    async with _used(connection) as used:
        await insert_async(used, job, new)
    return job


async def aenqueue_many(
    payloads: Iterable[object],
    *,
    priority: Priority | None = None,
    run_at: When | None = None,
    queue: str | None = None,
    expires_at: When | None = None,
    connection: psycopg.AsyncConnection[Any] | None = None,
) -> list[Job]:
    """As `aenqueue`, for many objects at once: all of them, or none, in the order given."""
    await _get_ready()
    batch = Batch()
    for _ in batch.take(payloads, Options(priority, run_at, queue, expires_at)):
        await asyncio.sleep(0)
    if batch.jobs:
        async with _used(connection) as used:
            await insert_batch_async(used, batch)
    return batch.jobs


async def _get_ready() -> None:
    """Settings and statements are files when they are first asked for."""
    if not configuration.is_loaded:
        await asyncio.to_thread(configuration.load)


def _used(
    connection: psycopg.AsyncConnection[Any] | None,
) -> AbstractAsyncContextManager[psycopg.AsyncConnection[Any]]:
    return loop_connections.use() if connection is None else nullcontext(connection)
