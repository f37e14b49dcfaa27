"""Sending the rows, by whichever connection; the jobs get what the database answers."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from delayed_daemon.client.configuration import configuration
from delayed_daemon.client.connections import AnyConnection, connections
from delayed_daemon.job import Job
from delayed_daemon.store.enqueue import Request, Wake
from delayed_daemon.store.migration import tables_missing


def wake_of(connection: AnyConnection | None) -> Wake:
    """In a transaction of the caller's, which may end much later, whether a worker is idle now says nothing."""
    if not configuration.current.wake_ups:
        return "never"
    if connection is None or (connection.autocommit and connection.info.transaction_status is TransactionStatus.IDLE):
        return "when_idle"
    return "always"


def insert(connection: psycopg.Connection[Any] | None, request: Request, jobs: list[Job]) -> list[Job]:
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


async def insert_async(connection: psycopg.AsyncConnection[Any], request: Request, jobs: list[Job]) -> list[Job]:
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


async def first(jobs: Awaitable[list[Job]]) -> Job:
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
