"""Sending the rows, by whichever connection; the jobs get what the database answers."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from delayed_daemon.client.answers import tables_expected
from delayed_daemon.client.connections import connections
from delayed_daemon.client.handle import Job
from delayed_daemon.store.enqueue import Request
from delayed_daemon.store.moments import from_epoch


def insert(connection: psycopg.Connection[Any] | None, request: Request, jobs: list[Job]) -> list[Job]:
    if connection is not None:
        with tables_expected(), connection.cursor(row_factory=tuple_row) as cursor:
            return _numbered(jobs, cursor.execute(request.statement, request.parameters).fetchall())
    own = connections.get()
    try:
        with tables_expected():
            return _numbered(jobs, own.execute(request.statement, request.parameters).fetchall())
    except psycopg.OperationalError:
        connections.drop()
        raise


async def insert_async(connection: psycopg.AsyncConnection[Any], request: Request, jobs: list[Job]) -> list[Job]:
    if not jobs:
        return []
    with tables_expected():
        async with connection.cursor(row_factory=tuple_row) as cursor:
            await cursor.execute(request.statement, request.parameters)
            return _numbered(jobs, await cursor.fetchall())


async def first(jobs: Awaitable[list[Job]]) -> Job:
    return (await jobs)[0]


def _numbered(jobs: list[Job], rows: list[tuple[Any, ...]]) -> list[Job]:
    for job, (job_id, run_at) in zip(jobs, rows, strict=True):
        job.id = job_id
        job.run_at = from_epoch(run_at)
    return jobs
