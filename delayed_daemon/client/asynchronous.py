"""``aenqueue`` and ``aenqueue_many``: as `enqueue` and `enqueue_many`, and the event loop goes on meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import psycopg

from delayed_daemon.client.answers import wake_of
from delayed_daemon.client.configuration import configuration
from delayed_daemon.client.handle import Job
from delayed_daemon.client.inline import apart, perform_inline_async
from delayed_daemon.client.inserting import insert_async
from delayed_daemon.client.loops import used
from delayed_daemon.client.moments import When
from delayed_daemon.client.preparing import Options, Priority, prepare, prepare_many
from delayed_daemon.store.enqueue import enqueue_many_request, enqueue_request


async def aenqueue(
    payload: object,
    *,
    priority: Priority | None = None,
    run_at: When | None = None,
    queue: str | None = None,
    connection: psycopg.AsyncConnection[Any] | None = None,
) -> Job:
    """Put one job into the table, as `enqueue` does, with the same options and errors.

    Without ``connection`` the event loop's own is used, by one call at a time.
    """
    await _get_ready()
    job, new = prepare(payload, Options(priority, run_at, queue))
    if not configuration.delays(job):
        await perform_inline_async([job])
        return job
    request = enqueue_request(configuration.current.schema, new, wake_of(connection))
    async with used(connection) as using:
        return (await insert_async(using, request, [job]))[0]


async def aenqueue_many(
    payloads: Iterable[object],
    *,
    priority: Priority | None = None,
    run_at: When | None = None,
    queue: str | None = None,
    connection: psycopg.AsyncConnection[Any] | None = None,
) -> list[Job]:
    """As `aenqueue`, for many objects in one statement: all of them, or none, in the order given."""
    await _get_ready()
    prepared = prepare_many(payloads, Options(priority, run_at, queue))
    delayed, inline = apart(prepared)
    if delayed:
        request = enqueue_many_request(configuration.current.schema, [new for _, new in delayed], wake_of(connection))
        async with used(connection) as using:
            await insert_async(using, request, [job for job, _ in delayed])
    await perform_inline_async(inline)
    return [job for job, _ in prepared]


async def _get_ready() -> None:
    """Settings and statements are files when they are first asked for."""
    if not configuration.is_loaded:
        await asyncio.to_thread(configuration.load)
