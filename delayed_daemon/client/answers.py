"""Requests to the database and their answers, whatever kind of connection carries them.

What to ask is a generator, which yields requests and is sent their rows; how to wait is said once, here, for
the connections of this module's callers, those of `connections`, and psycopg's asynchronous ones.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from delayed_daemon.client.configuration import configuration
from delayed_daemon.client.connections import AnyConnection, connections
from delayed_daemon.client.loops import used
from delayed_daemon.store.enqueue import Request, Wake
from delayed_daemon.store.migration import tables_missing

Result = TypeVar("Result")
Rows = list[tuple[Any, ...]]
Steps = Generator[Request, Rows, Result]


def answered(steps: Steps[Result], connection: psycopg.Connection[Any] | None) -> Result:
    """The result of the steps, by this connection, in whatever transaction it has, or by this thread's own."""
    own = connections.get() if connection is None else None
    try:
        request = next(steps)
        while True:
            with tables_expected(), (own or connection).cursor(row_factory=tuple_row) as cursor:  # type: ignore[union-attr]
                rows = cursor.execute(request.statement, request.parameters).fetchall()
            request = steps.send(rows)
    except StopIteration as end:
        result: Result = end.value
        return result
    except psycopg.OperationalError:
        if own is not None:
            connections.drop()
        raise


async def awaited(steps: Steps[Result], connection: psycopg.AsyncConnection[Any] | None) -> Result:
    """As `answered`, by this connection or the event loop's own."""
    try:
        request = next(steps)
        while True:
            async with used(connection) as asked, asked.cursor(row_factory=tuple_row) as cursor:
                with tables_expected():
                    await cursor.execute(request.statement, request.parameters)
                    rows = await cursor.fetchall()
            request = steps.send(rows)
    except StopIteration as end:
        result: Result = end.value
        return result


def wake_for(connection: AnyConnection | None) -> Wake:
    """In a transaction of the caller's, which may end much later, whether a worker is idle now says nothing."""
    if not configuration.current.wake_ups:
        return "never"
    if connection is None or (connection.autocommit and connection.info.transaction_status is TransactionStatus.IDLE):
        return "when_idle"
    return "always"


@contextmanager
def tables_expected() -> Iterator[None]:
    """`SchemaMissing`, with what to run, instead of the database's words."""
    try:
        yield
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
        raise tables_missing(configuration.current.schema) from error
