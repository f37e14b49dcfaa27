"""``enqueue_many`` of so many jobs that they go by COPY: whatever holds for a few holds for them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import psycopg
import pytest
from psycopg import sql

from delayed_daemon import InvalidJob, Job, SerializationError, aenqueue_many, configure, enqueue, enqueue_many
from delayed_daemon.client.batch import WORTH_A_COPY
from delayed_daemon.store.enqueue import CHANNEL
from tests.client.letters import Letter
from tests.client.test_producing import rows
from tests.servers import Database

MANY = WORTH_A_COPY + 700
TRICKY = ["\\", "\\.", "\\N", "a\tb\nc\r", "é😀\u2028", "%s", "", '"', "x" * 5000]


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The COPY statements that are sent."""
    sent: list[bytes] = []
    for cursor in (psycopg.Cursor, psycopg.AsyncCursor):
        copy = cursor.copy

        def spy(self: Any, statement: bytes, *args: Any, _copy: Any = copy, **kwargs: Any) -> Any:
            sent.append(statement)
            return _copy(self, statement, *args, **kwargs)

        monkeypatch.setattr(cursor, "copy", spy)
    return sent


@dataclass
class Spread(Letter):
    """Each has a queue, priority and times of its own."""

    number: int = 0

    def enqueue(self, job: Job) -> None:
        job.queue, job.priority = f"q\\{self.number % 7}", self.number % 5 - 2
        if self.number % 3:
            job.run_at = datetime(2199, 1, 1, tzinfo=timezone(timedelta(hours=5))) + timedelta(microseconds=self.number)
        if self.number % 2:
            job.expires_at = datetime(2200, 1, 1, tzinfo=UTC) + timedelta(seconds=self.number)


def test_each_row_is_what_its_job_says_in_the_order_given(table: Database, copies: list[bytes]) -> None:
    jobs = enqueue_many([Spread(TRICKY[n % len(TRICKY)], n) for n in range(MANY)], run_at=60)
    written = rows(table)
    assert len(copies) == 1
    assert [job.id for job in jobs] == [row["id"] for row in written]
    for job, row in zip(jobs, written, strict=True):
        assert job.handler == row["handler"]
        assert (job.queue, job.priority) == (row["queue"], row["priority"])
        assert (job.run_at, job.expires_at) == (row["run_at"], row["expires_at"])
    assert {row["run_at"] - row["created_at"] for row in written[::3]} == {timedelta(seconds=60)}
    assert len({row["written_by"] for row in written}) == 1


def test_ids_go_on_after_those_of_a_copy(table: Database) -> None:
    ids = [enqueue(Letter("a")).id, *(job.id for job in enqueue_many([Letter("b")] * MANY)), enqueue(Letter("c")).id]
    assert ids == sorted(set(ids), key=lambda id: id or 0)
    assert len(rows(table)) == MANY + 2


def test_the_ends_of_the_calendar_go_through_a_copy(table: Database) -> None:
    for moment in (
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-14))),
    ):
        enqueue_many([Letter("a")] * MANY, run_at=moment)
        enqueue(Letter("b"), run_at=moment)
    found = table.connect().execute("SELECT run_at::text FROM delayed_jobs GROUP BY 1 ORDER BY min(id)").fetchall()
    assert len(found) == 2


def test_a_job_that_cannot_be_stored_leaves_none_and_is_named(table: Database) -> None:
    bad = [*[Letter("a")] * MANY, Letter(object()), Letter("b")]  # type: ignore[arg-type]
    with pytest.raises(SerializationError, match=r"Letter\.text") as raised:
        enqueue_many(bad)
    assert raised.value.__notes__ == [f"enqueue_many: item {MANY}; nothing was enqueued"]
    assert rows(table) == []
    enqueue(Letter("afterwards"))
    assert len(rows(table)) == 1


def test_in_a_transaction_of_the_caller_s_such_a_job_spoils_nothing(table: Database) -> None:
    with psycopg.connect(table.url) as connection:
        enqueue(Letter("before"), connection=connection)
        with pytest.raises(SerializationError):
            enqueue_many([*[Letter("a")] * MANY, Letter(object())], connection=connection)  # type: ignore[arg-type]
        with pytest.raises(InvalidJob):
            enqueue_many([*[Letter("a")] * MANY, object()], connection=connection)
        enqueue(Letter("after"), connection=connection)
    assert len(rows(table)) == 2


def test_a_row_that_the_database_refuses_is_named_and_leaves_none(table: Database) -> None:
    table.connect().execute("ALTER TABLE delayed_jobs ADD CHECK (handler NOT LIKE '%refused%')")
    letters = [Letter("a") for _ in range(MANY)]
    letters[MANY - 2] = Letter("refused")
    with pytest.raises(psycopg.errors.CheckViolation) as raised:
        enqueue_many(letters)
    assert f"enqueue_many: item {MANY - 2}; nothing was enqueued" in raised.value.__notes__
    assert rows(table) == []
    enqueue(Letter("afterwards"))


def test_the_caller_s_transaction_decides(table: Database, copies: list[bytes]) -> None:
    async def work() -> None:
        async with await psycopg.AsyncConnection.connect(table.url) as connection:
            await enqueue_many([Letter("a")] * MANY, connection=connection)
            await connection.rollback()
            await aenqueue_many([Letter("b")] * MANY, connection=connection)
            assert connection.info.transaction_status.name == "INTRANS"
        await aenqueue_many([Letter("c")] * MANY)

    with psycopg.connect(table.url) as connection:
        enqueue_many([Letter("a")] * MANY, connection=connection)
        assert connection.info.transaction_status.name == "INTRANS"
        connection.rollback()
    with psycopg.connect(table.url, autocommit=True) as connection:
        enqueue_many([Letter("a")] * MANY, connection=connection)
        assert connection.info.transaction_status.name == "IDLE"
    asyncio.run(work())
    assert [row["handler"].split('"')[3] for row in rows(table)] == ["a"] * MANY + ["b"] * MANY + ["c"] * MANY
    assert len(copies) == 5


def test_in_a_pipeline_it_is_one_statement(table: Database, copies: list[bytes]) -> None:
    with psycopg.connect(table.url) as connection, connection.pipeline():
        jobs = enqueue_many([Letter("a")] * MANY, connection=connection)
    assert [job.id for job in jobs] == [row["id"] for row in rows(table)]
    assert copies == []


def test_what_a_trigger_changes_is_told(table: Database, copies: list[bytes]) -> None:
    table.connect().execute(
        sql.SQL(
            "CREATE FUNCTION {0}.later() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN NEW.run_at := '2199-01-01Z'; RETURN NEW; END $$;"
            "CREATE TRIGGER later BEFORE INSERT ON {0}.delayed_jobs FOR EACH ROW EXECUTE FUNCTION {0}.later()"
        ).format(sql.Identifier(table.schema))
    )
    jobs = enqueue_many([Letter("a")] * MANY)
    assert {job.run_at for job in jobs} == {row["run_at"] for row in rows(table)} == {datetime(2199, 1, 1, tzinfo=UTC)}
    assert copies == []


@pytest.mark.parametrize("wake_ups", [True, False])
def test_a_copy_notifies_once_if_at_all_and_when_the_rows_are_there(table: Database, wake_ups: bool) -> None:
    configure(database_url=table.url, schema=table.schema, wake_ups=wake_ups)
    listener = table.connect()
    listener.execute(f"LISTEN {CHANNEL}")
    with psycopg.connect(table.url) as connection:
        enqueue_many([Letter("a")] * MANY, queue="post", priority=3, connection=connection)
        connection.execute("SELECT pg_notify(%s, %s)", [CHANNEL, f"{table.schema} end"])
    heard = []
    for notify in listener.notifies(timeout=30):
        if notify.payload == f"{table.schema} end":
            break
        if notify.payload.startswith(table.schema):
            heard.append(notify.payload)
    assert heard == ([f"{table.schema} post 3"] if wake_ups else [])
