"""``aenqueue`` and ``aenqueue_many``: as `enqueue` and `enqueue_many`, and the event loop goes on meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import psycopg

from delayed_daemon.client.batch import Batch
from delayed_daemon.client.batch_insertion import insert_batch_async
from delayed_daemon.client.configuration import configuration
from delayed_daemon.client.handle import Job
from delayed_daemon.client.inline import perform_inline_async
from delayed_daemon.client.inserting import insert_async
from delayed_daemon.client.loops import used
from delayed_daemon.client.moments import When
from delayed_daemon.client.preparing import Options, Priority, prepare


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
    if not configuration.delays(job):
        await perform_inline_async([job])
        return job
    async with used(connection) as using:
        await insert_async(using, job, new)
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
    jobs, inline = batch.jobs, batch.take_out_inline()
    if batch.jobs:
        async with used(connection) as using:
            await insert_batch_async(using, batch)
    await perform_inline_async(inline)
    return jobs


async def _get_ready() -> None:
    """Settings and statements are files when they are first asked for."""
    if not configuration.is_loaded:
        await asyncio.to_thread(configuration.load)
