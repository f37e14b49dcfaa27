"""As `connection`, for an event loop: never waits for ever, and no setting of a DBA's changes its plans."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.rows import TupleRow, tuple_row

from delayed_daemon.store.connection import Impatient, conninfo_for, settle_in
from delayed_daemon.store.statements import session_statement


class AsyncConnection(Impatient, psycopg.AsyncConnection[TupleRow]):
    """A psycopg AsyncConnection that gives up on a statement after ``deadline_seconds`` without an answer."""

    async def wait(self, gen: PQGen[RV], *args: Any, **kwargs: Any) -> RV:
        if kwargs.get("timeout") is None:
            gen = self._answered_in_time(gen)
        return await super().wait(gen, *args, **kwargs)


async def connect_async(
    url: str, *, application_name: str, deadline_seconds: float = 30.0, connect_timeout: int = 10
) -> AsyncConnection:
    """As `connect`, with the same settings and errors."""
    conninfo = conninfo_for(url, application_name, connect_timeout)
    connection = await AsyncConnection.connect(conninfo, autocommit=True, prepare_threshold=0, row_factory=tuple_row)
    connection.deadline_seconds = deadline_seconds
    try:
        cursor = await connection.execute(session_statement(), prepare=False)
        further = settle_in(connection, await cursor.fetchone())
        if further is not None:
            await connection.execute(further, prepare=False)
    except BaseException:
        await connection.close()
        raise
    return connection
