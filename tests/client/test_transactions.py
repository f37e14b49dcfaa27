"""Enqueuing in the caller's transaction, and by connections of our own."""

from __future__ import annotations

import asyncio
import os
from datetime import datetime, timedelta

import psycopg
import pytest

from delayed_daemon import InvalidJob, configure, enqueue, enqueue_many
from delayed_daemon.client.connections import connections
from delayed_daemon.errors import SchemaMissing
from tests.client.letters import Letter
from tests.servers import Database


def count(table: Database) -> int:
    row = table.connect().execute("SELECT count(*) FROM delayed_jobs").fetchone()
    assert row is not None
    return int(row[0])


def test_a_rolled_back_transaction_leaves_no_job_and_a_committed_one_does(table: Database) -> None:
    with psycopg.connect(table.url) as connection:
        assert enqueue(Letter("a"), connection=connection).id is not None
        assert count(table) == 0
        connection.rollback()
        enqueue_many([Letter("b"), Letter("c")], connection=connection)
        assert connection.info.transaction_status.name == "INTRANS"
    assert count(table) == 2


def test_an_async_connection_s_transaction_is_joined(table: Database) -> None:
    async def work() -> None:
        async with await psycopg.AsyncConnection.connect(table.url) as connection:
            job = await enqueue(Letter("a"), connection=connection)
            assert job.id is not None
            await connection.rollback()
            jobs = await enqueue_many([Letter("b"), Letter("c")], connection=connection)
            assert [job.handler.split('"')[3] for job in jobs] == ["b", "c"]

    asyncio.run(work())
    assert count(table) == 2


def test_connections_survive_a_fork_of_the_application(table: Database) -> None:
    enqueue(Letter("before"))
    child = os.fork()
    if child == 0:
        try:
            enqueue(Letter("child"))
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    enqueue(Letter("after"))
    assert count(table) == 3


def test_a_connection_that_the_server_closed_is_replaced(table: Database) -> None:
    enqueue(Letter("before"))
    pid = connections.get().info.backend_pid
    table.connect().execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    enqueue(Letter("after"))
    assert count(table) == 2


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"run_at": datetime(2030, 1, 1)}, "run_at"),  # noqa: DTZ001
        ({"run_at": True}, "run_at"),
        ({"run_at": float("nan")}, "run_at"),
        ({"run_at": timedelta(days=10**6)}, "run_at"),
        ({"queue": "a b"}, "queue"),
        ({"queue": ""}, "queue"),
        ({"priority": 2**31}, "priority"),
        ({"priority": "high"}, "priority"),
    ],
)
def test_a_wrong_option_is_named_and_nothing_is_enqueued(table: Database, options: dict, named: str) -> None:
    with pytest.raises(InvalidJob, match=named):
        enqueue(Letter("a"), **options)
    assert count(table) == 0


def test_without_tables_the_error_says_what_to_run(database: Database) -> None:
    configure(database_url=database.url, schema=database.schema)
    with pytest.raises(SchemaMissing, match="delayed-daemon migrate"):
        enqueue(Letter("a"))
    with pytest.raises(SchemaMissing, match="delayed-daemon migrate"):
        enqueue_many([Letter("a")])
    connections.drop()


def test_without_tables_the_caller_s_transaction_is_left_as_it_is(database: Database) -> None:
    configure(database_url=database.url, schema=database.schema)
    with psycopg.connect(database.url) as connection:
        with pytest.raises(SchemaMissing) as raised:
            enqueue(Letter("a"), connection=connection)
        assert isinstance(raised.value.__cause__, psycopg.Error)
        assert connection.info.transaction_status.name == "INERROR"


def test_without_tables_an_async_connection_is_told_so_too(database: Database) -> None:
    async def work() -> None:
        async with await psycopg.AsyncConnection.connect(database.url) as connection:
            with pytest.raises(SchemaMissing):
                await enqueue(Letter("a"), connection=connection)

    configure(database_url=database.url, schema=database.schema)
    asyncio.run(work())
