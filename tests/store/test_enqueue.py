from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest
from psycopg.rows import dict_row, tuple_row

from delayed_daemon.store.enqueue import CHANNEL, NewJob, enqueue_many_request, enqueue_request
from delayed_daemon.store.queue import JobQueue
from tests.store.sessions import Claimant, Sessions, lapse


def _heard(sessions: Sessions, act) -> list[str]:
    """The payloads of this schema that a listener hears while ``act`` runs."""
    listener = sessions.connect()
    listener.execute(f"LISTEN {CHANNEL}")
    act()
    sessions.run(f"NOTIFY {CHANNEL}, 'end'")
    payloads = []
    for notify in listener.notifies(timeout=30):
        if notify.payload == "end":
            break
        payloads.append(notify.payload)
    return [payload for payload in payloads if payload.split(" ")[0] == sessions.schema]


def test_an_enqueued_job_has_what_was_given_and_is_ready(sessions):
    id = sessions.queue.enqueue(NewJob("!job:shop.Mail {}", "mail", 7))
    row = sessions.row(id)
    assert (row.handler, row.queue, row.priority, row.attempts) == ("!job:shop.Mail {}", "mail", 7, 0)
    assert row.wait <= timedelta(0)
    assert (row.locked_by, row.failed_at, row.held_until, row.errors) == (None, None, None, [])


def test_a_job_runs_at_the_moment_given_in_whatever_zone(sessions):
    moment = datetime(2199, 12, 31, 23, 59, 59, 123456, timezone(timedelta(hours=-10, seconds=7)))
    assert sessions.row(sessions.queue.enqueue(NewJob("h", "q", run_at=moment))).run_at == moment


@pytest.mark.parametrize("day", [(1, 1, 1), (9999, 12, 31)])
def test_the_ends_of_the_calendar_can_be_stored(sessions, day):
    west, east = timezone(timedelta(hours=-14)), timezone(timedelta(hours=14))
    for zone in (west, east, UTC):
        sessions.queue.enqueue(NewJob("h", "q", run_at=datetime(*day, 23, 59, tzinfo=zone)))
    assert len(sessions.ids()) == 3


def test_a_naive_datetime_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        enqueue_request("public", NewJob("h", "q", run_at=datetime(2030, 1, 1)))  # noqa: DTZ001


def test_a_delay_counts_from_the_clock_of_the_database(sessions):
    row = sessions.row(sessions.queue.enqueue(NewJob("h", "q", delay=3600.5)))
    assert timedelta(seconds=3500) < row.wait <= timedelta(seconds=3600.5)


def test_ten_thousand_jobs_are_one_statement_with_their_ids_in_the_order_given(sessions):
    jobs = [NewJob(f"job {n}", f"q{n % 7}", -n, delay=float(n)) for n in range(10_000)]
    ids = sessions.queue.enqueue_many(jobs)
    rows = sessions.run("SELECT id, handler, priority FROM {jobs} ORDER BY id")
    assert ids == [row.id for row in rows]
    assert [(row.handler, row.priority) for row in rows] == [(job.handler, job.priority) for job in jobs]


def test_no_jobs_are_no_rows_and_no_notification(sessions):
    assert (
        _heard(sessions, lambda: JobQueue(sessions.connection, sessions.schema, wake="always").enqueue_many([])) == []
    )


def test_texts_that_sql_could_trip_over_come_back_unchanged(sessions):
    handlers = ["'; DROP TABLE x; --", "{}", '{"a": [1,2]}', "NULL", "\\", "%s %(a)s", "a\tb\nc", "é😀\u2028"]
    ids = sessions.queue.enqueue_many([NewJob(handler, "q") for handler in handlers])
    assert [sessions.row(id).handler for id in ids] == handlers


@pytest.mark.parametrize("queue", ["", "a,b", "a b", "a\nb", "x" * 101, "a\u0007"])
def test_a_queue_name_that_cannot_be_listed_is_refused_by_the_table(sessions, queue):
    with pytest.raises(psycopg.errors.CheckViolation):
        sessions.queue.enqueue(NewJob("h", queue))


@pytest.mark.parametrize("handler", ["", "x" * 1_048_577])
def test_a_handler_of_no_size_or_too_much_is_refused_by_the_table(sessions, handler):
    with pytest.raises(psycopg.errors.CheckViolation):
        sessions.queue.enqueue(NewJob(handler, "q"))


def test_an_infinite_moment_is_refused_by_the_table(sessions):
    with pytest.raises(psycopg.errors.CheckViolation):
        sessions.run("INSERT INTO {jobs} (handler, run_at) VALUES ('h', 'infinity')")


def test_a_rolled_back_transaction_of_the_caller_leaves_no_job(sessions):
    request = enqueue_request(sessions.schema, NewJob("h", "q"))
    with psycopg.connect(sessions.url, row_factory=dict_row) as connection:
        with connection.cursor(row_factory=tuple_row) as cursor:
            (id, run_at, _) = cursor.execute(request.statement, request.parameters).fetchone()
        assert isinstance(id, int)
        assert abs(run_at - time.time()) < 3600
        connection.rollback()
    assert sessions.ids() == []


def test_the_request_depends_on_no_setting_of_the_caller(sessions):
    request = enqueue_many_request(
        sessions.schema, [NewJob("h", "q", run_at=datetime(2030, 1, 2, tzinfo=UTC)), NewJob("h", "q", delay=5)]
    )
    options = "-c search_path=pg_catalog -c DateStyle=German,DMY -c TimeZone=Australia/Lord_Howe -c IntervalStyle=sql_standard"
    for cursor_factory in (psycopg.Cursor, psycopg.ClientCursor):
        with psycopg.connect(sessions.url, options=options, cursor_factory=cursor_factory) as connection:
            rows = connection.execute(request.statement, request.parameters).fetchall()
            assert rows[0][1] == datetime(2030, 1, 2, tzinfo=UTC).timestamp()


def test_an_asynchronous_connection_enqueues_as_well(sessions):
    request = enqueue_request(sessions.schema, NewJob("h", "q"))

    async def enqueue() -> None:
        async with await psycopg.AsyncConnection.connect(sessions.url) as connection:
            await connection.execute(request.statement, request.parameters)

    asyncio.run(enqueue())
    assert len(sessions.ids()) == 1


def test_a_read_only_transaction_is_told_so(sessions):
    request = enqueue_request(sessions.schema, NewJob("h", "q"))
    with psycopg.connect(sessions.url) as connection:
        connection.read_only = True
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute(request.statement, request.parameters)
        connection.rollback()


def test_one_statement_notifies_once_and_says_what_came(sessions):
    queue = JobQueue(sessions.connection, sessions.schema, wake="always")
    assert _heard(sessions, lambda: queue.enqueue(NewJob("h", "mail", -3))) == [f"{sessions.schema} mail -3"]
    same, mixed = [NewJob("h", "mail", 1)] * 50, [NewJob("h", f"q{n}") for n in range(50)]
    assert _heard(sessions, lambda: queue.enqueue_many(same)) == [f"{sessions.schema} mail 1"]
    assert _heard(sessions, lambda: queue.enqueue_many(mixed)) == [sessions.schema]


def test_enqueuing_notifies_only_while_a_living_daemon_has_an_idle_worker(sessions):
    daemon = Claimant(sessions.queue)
    sessions.upkeep.register(daemon.daemon_row())
    assert _heard(sessions, sessions.add) == []
    sessions.upkeep.advertise(daemon.start, True)
    assert len(_heard(sessions, sessions.add)) == 1
    assert len(_heard(sessions, lambda: sessions.queue.enqueue(NewJob("h", "q")))) == 1
    lapse(sessions, daemon)
    assert _heard(sessions, sessions.add) == []
    assert _heard(sessions, lambda: sessions.queue.enqueue(NewJob("h", "q"))) == []


def test_wake_ups_can_be_switched_off(sessions):
    daemon = Claimant(sessions.queue)
    sessions.upkeep.register(daemon.daemon_row())
    sessions.upkeep.advertise(daemon.start, True)
    queue = JobQueue(sessions.connection, sessions.schema, wake="never")
    assert _heard(sessions, lambda: queue.enqueue(NewJob("h", "q"))) == []
    assert _heard(sessions, lambda: queue.enqueue_many([NewJob("h", "q")])) == []


def test_a_release_wakes_others_once_and_only_if_it_gave_something_back(sessions):
    worker = Claimant(JobQueue(sessions.connection, sessions.schema, wake="always"))
    sessions.add(3)
    claimed = worker.claim(3)
    pairs = [(job.id, worker.token) for job in claimed]
    assert _heard(sessions, lambda: worker.queue.release(pairs)) == [sessions.schema]
    assert _heard(sessions, lambda: worker.queue.release(pairs)) == []
