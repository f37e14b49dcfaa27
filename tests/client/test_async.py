"""Enqueuing from an event loop: by a connection of its own, which is nobody else's and leaves with the loop."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from delayed_daemon import (
    InvalidJob,
    adelay,
    aenqueue,
    aenqueue_many,
    asend_later,
    configure,
)
from delayed_daemon.client import loops
from delayed_daemon.client.loops import loop_connections
from delayed_daemon.errors import SchemaMissing
from tests.client.letters import Letter
from tests.client.test_producing import LATER, Press, rows
from tests.servers import Database
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]


async def backend() -> int:
    async with loop_connections.use() as connection:
        return connection.info.backend_pid


def is_gone(table: Database, pid: int) -> bool:
    return table.connect().execute("SELECT FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone() is None


def test_a_hundred_tasks_enqueue_at_once_by_one_session(table: Database) -> None:
    async def work() -> tuple[list[int | None], set[int]]:
        jobs = await asyncio.gather(*(aenqueue(Letter(str(number)), priority=number) for number in range(100)))
        many = await asyncio.gather(*(aenqueue_many([Letter("a"), Letter("b")], queue="post") for _ in range(10)))
        backends = set(await asyncio.gather(*(backend() for _ in range(20))))
        return [job.id for job in [*jobs, *(job for some in many for job in some)]], backends

    ids, backends = asyncio.run(work())
    written = rows(table)
    assert sorted(row["id"] for row in written) == sorted(number for number in ids if number is not None)
    assert {row["id"]: row["priority"] for row in written if row["queue"] == "default"} == dict(
        zip(ids[:100], range(100), strict=True)
    )
    assert len(backends) == 1


def test_calls_are_put_off_with_options_and_without(table: Database) -> None:
    async def work() -> None:
        job = await adelay(Press(), queue="press", priority=-7, run_at=LATER).print_out(3)
        assert (job.queue, job.run_at) == ("press", LATER)
        await asend_later(Press(), "print_out", copies=4)

    asyncio.run(work())
    assert [(row["queue"], row["priority"], row["handler"].split("{", 1)[1]) for row in rows(table)] == [
        ("press", -7, '"self": {}, "args": [3]}'),
        ("default", 0, '"self": {}, "kwargs": {"copies": 4}}'),
    ]


def test_the_session_ends_with_the_loop(table: Database) -> None:
    pids = [asyncio.run(backend()) for _ in range(3)]
    assert len(set(pids)) == 3
    wait_until(lambda: all(is_gone(table, pid) for pid in pids), "the sessions of ended loops are closed")


def test_a_loop_that_is_closed_without_ceremony_leaves_its_session_to_the_next(table: Database) -> None:
    loop = asyncio.new_event_loop()
    pid = loop.run_until_complete(backend())
    loop.close()
    assert asyncio.run(backend()) != pid
    wait_until(lambda: is_gone(table, pid), "the session of the closed loop is closed")
    del loop
    gc.collect()


def test_loops_of_several_threads_have_sessions_of_their_own(table: Database) -> None:
    together = threading.Barrier(3, timeout=60)
    pids = []

    async def work() -> None:
        pids.append(await backend())
        await asyncio.to_thread(together.wait)
        assert await backend() in pids

    threads = [threading.Thread(target=lambda: asyncio.run(work())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(set(pids)) == 3


def test_a_session_that_the_server_closed_is_replaced(table: Database) -> None:
    async def work() -> None:
        await aenqueue(Letter("before"))
        pid = await backend()
        table.connect().execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        await aenqueue(Letter("after"))
        assert await backend() != pid

    asyncio.run(work())
    assert len(rows(table)) == 2


def test_other_settings_mean_another_session(table: Database) -> None:
    async def work() -> None:
        pid = await backend()
        configure(database_url=table.url, schema=table.schema, default_queue="other")
        assert (await aenqueue(Letter("a"))).queue == "other"
        assert await backend() != pid

    asyncio.run(work())


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_forked_from_the_loop_leaves_the_parent_s_session_alone(table: Database) -> None:
    async def work() -> None:
        await aenqueue(Letter("before"))
        pid = await backend()
        child = os.fork()
        if child == 0:
            try:
                asyncio.run(aenqueue(Letter("child")))
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        await aenqueue(Letter("after"))
        assert await backend() == pid

    asyncio.run(work())
    assert len(rows(table)) == 3


def test_the_loop_goes_on_while_the_database_is_looked_for_and_while_it_is_slow(
    table: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticked = threading.Event()

    def url() -> str:
        assert ticked.wait(30), "the loop stood still while the server was looked for"
        return table.url

    async def work() -> None:
        enqueuing = asyncio.create_task(aenqueue(Letter("a")))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(0.05, ticked.set)
        await enqueuing

    monkeypatch.setattr(loops.server, "url", url)
    asyncio.run(work())
    assert len(rows(table)) == 1


def test_a_cancelled_call_does_no_harm_to_the_others(table: Database) -> None:
    async def work() -> None:
        pid = await backend()
        with psycopg.connect(table.url) as blocker:
            blocker.execute(f"LOCK TABLE {table.schema}.delayed_jobs")
            calls = [asyncio.create_task(aenqueue(Letter(str(number)))) for number in range(3)]
            waits = "SELECT FROM pg_locks WHERE pid = %s AND NOT granted"
            while blocker.execute(waits, [pid]).fetchone() is None:
                await asyncio.sleep(0.01)
            calls[0].cancel()
            calls[2].cancel()
            await asyncio.wait([calls[0], calls[2]])
        assert calls[0].cancelled()
        assert calls[2].cancelled()
        await calls[1]

    asyncio.run(work())
    assert [row["handler"].split('"')[3] for row in rows(table)] == ["1"]


def test_a_connection_that_is_given_decides_about_its_transaction(table: Database) -> None:
    async def work() -> None:
        async with await psycopg.AsyncConnection.connect(table.url) as connection:
            await aenqueue(Letter("a"), connection=connection)
            await connection.rollback()
            await aenqueue_many([Letter("b"), Letter("c")], connection=connection)

    asyncio.run(work())
    assert [row["handler"].split('"')[3] for row in rows(table)] == ["b", "c"]


def test_errors_are_those_of_enqueue(table: Database) -> None:
    async def work() -> None:
        with pytest.raises(InvalidJob, match="run_at"):
            await aenqueue(Letter("a"), run_at=datetime(2030, 1, 1))  # noqa: DTZ001
        with pytest.raises(InvalidJob) as raised:
            await aenqueue_many([Letter("a"), object()])
        assert raised.value.__notes__ == ["enqueue_many: item 1; nothing was enqueued"]
        assert await aenqueue_many([]) == []
        table.connect().execute("DROP TABLE delayed_jobs")
        with pytest.raises(SchemaMissing, match="delayed-daemon migrate"):
            await aenqueue(Letter("a"))

    asyncio.run(work())


def test_a_database_that_is_away_is_an_error_and_no_warning(database: Database) -> None:
    configure(database_url="postgresql://127.0.0.1:1/nothing", schema=database.schema)
    with pytest.raises(psycopg.OperationalError):
        asyncio.run(aenqueue(Letter("a")))


PROGRAM = """
import asyncio, sys
from delayed_daemon import aenqueue, configure
from tests.client.letters import Letter

configure(database_url=sys.argv[1], schema=sys.argv[2])
if sys.argv[3] == "run":
    asyncio.run(aenqueue(Letter("a")))
else:
    loop = asyncio.new_event_loop()
    loop.run_until_complete(aenqueue(Letter("a")))
    if sys.argv[3] == "close":
        loop.close()
"""


@pytest.mark.parametrize("ending", ["run", "close"])
def test_a_program_that_ends_says_nothing_about_its_session(table: Database, ending: str) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", PROGRAM, table.url, table.schema, ending],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    assert rows(table)[0]["created_at"] < datetime.now(UTC)
