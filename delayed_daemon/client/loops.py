"""The producing side's own async connections: one per event loop, none shared with a forked child."""

from __future__ import annotations

import asyncio
import atexit
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any

import psycopg

from delayed_daemon.client.configuration import configuration
from delayed_daemon.client.connections import is_stale, leave_to_the_parent, server
from delayed_daemon.store.async_connection import AsyncConnection, connect_async

Loop = asyncio.AbstractEventLoop


class LoopConnections:
    """For each running event loop a connection to the configured database, opened again when it was lost.

    It is closed by the loop's ``shutdown_asyncgens``, which `asyncio.run` calls; after a loop that was closed
    without, when the next one asks for a connection, or at the end of the process.
    """

    def __init__(self) -> None:
        self._seats: dict[Loop, _Seat] = {}

    @asynccontextmanager
    async def use(self) -> AsyncIterator[AsyncConnection]:
        """The running loop's connection, for one task at a time, outside of a transaction.

        psycopg.Error when there is none to be had.
        """
        seat = self._seat_of(asyncio.get_running_loop())
        async with seat.lock:
            connection = await seat.open()
            try:
                yield connection
            except psycopg.OperationalError:
                seat.close()
                raise

    def close(self) -> None:
        """Close what this process has opened, in every loop; none may be in use."""
        for seat in list(self._seats.values()):
            seat.close()

    def _seat_of(self, running: Loop) -> _Seat:
        for loop, seat in list(self._seats.items()):
            if seat.pid != os.getpid() or loop.is_closed():
                seat.close()
                self._seats.pop(loop, None)
        return self._seats.setdefault(running, _Seat())


class _Seat:
    """One loop's connection."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.pid = os.getpid()
        self._connection: AsyncConnection | None = None
        self._revision = -1
        self._keeper: AsyncGenerator[None, None] | None = None

    async def open(self) -> AsyncConnection:
        if self._connection is not None and (self._revision != configuration.revision or is_stale(self._connection)):
            self.close()
        if self._connection is None:
            if self._keeper is None:
                self._keeper = self._until_the_loop_ends()
                await anext(self._keeper)
            self._revision = configuration.revision
            url = await asyncio.to_thread(server.url)  # it may be the embedded one, to be started
            self._connection = await connect_async(url, application_name="delayed-daemon producer")
        return self._connection

    def close(self) -> None:
        if self._connection is None:
            return
        if self.pid == os.getpid():
            self._connection.pgconn.finish()  # what its close() does, which only a running loop could await
        else:
            leave_to_the_parent(self._connection)
        self._connection = None

    async def _until_the_loop_ends(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            self._keeper = None
            self.close()


def used(
    connection: psycopg.AsyncConnection[Any] | None,
) -> AbstractAsyncContextManager[psycopg.AsyncConnection[Any]]:
    """This connection, or the running loop's own."""
    return loop_connections.use() if connection is None else nullcontext(connection)


loop_connections = LoopConnections()
atexit.register(loop_connections.close)
