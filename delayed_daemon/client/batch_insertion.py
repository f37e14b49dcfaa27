"""A batch on its way into the table."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import Any

import psycopg

from delayed_daemon.client.answers import wake_for
from delayed_daemon.client.batch import Batch
from delayed_daemon.client.configuration import configuration
from delayed_daemon.client.connections import AnyConnection
from delayed_daemon.client.inserting import can_copy, ends_transactions, send, send_async
from delayed_daemon.store.enqueue import Wake


def insert_batch(connection: psycopg.Connection[Any], batch: Batch) -> None:
    """Where the transaction is ours, handlers are written while the database already inserts, and an error undoes it.

    In a transaction of the caller's such an error must leave the transaction as it is.
    """
    by_copy, ours, wake = _way_of(connection, batch)
    if not ours:
        for _ in batch.write_handlers():
            pass
    with connection.transaction() if by_copy and ours else nullcontext():
        send(connection, batch.insertion(configuration.current.schema, wake, by_copy=by_copy))


async def insert_batch_async(connection: psycopg.AsyncConnection[Any], batch: Batch) -> None:
    """As `insert_batch`."""
    by_copy, ours, wake = _way_of(connection, batch)
    if not (by_copy and ours):
        for _ in batch.write_handlers():
            await asyncio.sleep(0)
    async with connection.transaction() if by_copy and ours else nullcontext():
        await send_async(connection, batch.insertion(configuration.current.schema, wake, by_copy=by_copy))


def _way_of(connection: AnyConnection, batch: Batch) -> tuple[bool, bool, Wake]:
    """Whether by COPY, whether in a transaction of ours, and when to notify."""
    by_copy = batch.is_worth_a_copy and can_copy(connection)
    return by_copy, ends_transactions(connection), wake_for(connection)
