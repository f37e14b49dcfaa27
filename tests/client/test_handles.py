"""A job in hand: found, looked at again, moved, cancelled, retried; and each of these against a worker's claim."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from delayed_daemon import Job, JobNotFound, WrongState, configure, enqueue, enqueue_many, send_later
from delayed_daemon.outcome import ErrorReport
from delayed_daemon.store.connection import connect
from delayed_daemon.store.queue import JobQueue
from tests.client.letters import Letter
from tests.servers import Database
from tests.store.sessions import in_background, wait_until_blocked

TOKEN = "host:1/s/1/1"

LATER = datetime(2199, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
REPORT = ErrorReport("ValueError: no\n\nTraceback …", "ValueError: no")


def claim(table: Database) -> list[int]:
    """The ids of what a worker gets that asks for one job."""
    with connect(table.url, application_name="test") as connection:
        return [claimed.id for claimed in JobQueue(connection, table.schema).claim(1, TOKEN)]


def end_claim(table: Database, state: str, job_id: int) -> None:
    with connect(table.url, application_name="test") as connection:
        queue = JobQueue(connection, table.schema)
        match state:
            case "failed":
                queue.fail(job_id, TOKEN, REPORT)
            case "held":
                queue.hold(job_id, TOKEN, "unknown class: shop.Mail")
            case "gone":
                queue.settle([(job_id, 1)], TOKEN.removesuffix("1"))


def bring_into(state: str, table: Database) -> Job:
    """A job in this state, as a fresh look finds it."""
    job = enqueue(Letter("a"), queue="post", priority=7, run_at=LATER if state == "scheduled" else None)
    assert job.id is not None
    if state in ("locked", "failed", "held", "gone"):
        assert claim(table) == [job.id]
        end_claim(table, state, job.id)
    return job.reload()


def row(table: Database, job: Job, columns: str) -> tuple[Any, ...] | None:
    return table.connect().execute(f"SELECT {columns} FROM delayed_jobs WHERE id = %s", [job.id]).fetchone()


STATES = ["ready", "scheduled", "locked", "failed", "held", "gone"]


@pytest.mark.parametrize("state", STATES)
def test_the_state_of_a_job_is_known_by_its_row(table: Database, state: str) -> None:
    assert bring_into(state, table).state == state


def test_what_enqueue_returns_says_whether_the_job_has_to_wait(table: Database) -> None:
    jobs = [enqueue(Letter("a")), enqueue(Letter("a"), run_at=60), enqueue(Letter("a"), run_at=LATER)]
    jobs += [send_later(Letter("a"), "perform"), *enqueue_many([Letter("a")], run_at=timedelta(hours=1))]
    assert [job.state for job in jobs] == ["ready", "scheduled", "scheduled", "ready", "scheduled"]
    assert [Job.find(job.id).state for job in jobs] == [job.state for job in jobs]
    assert {type(job) for job in jobs} == {Job}


def test_a_job_is_found_with_what_its_row_has(table: Database) -> None:
    enqueued = enqueue(Letter("a"), queue="post", priority=-7, run_at=LATER, expires_at=LATER)
    table.connect().execute(
        "UPDATE delayed_jobs SET attempts = 3, last_error = 'oh', held_reason = 'why', held_until = 'infinity',"
        ' crashes = 2, errors = \'[{"attempt": 3, "error": "oh"}]\', created_at = %s',
        [LATER],
    )
    found = Job.find(enqueued.id)
    assert (found.id, found.queue, found.priority, found.run_at) == (enqueued.id, "post", -7, LATER)
    assert found.expires_at == LATER
    assert (found.attempts, found.crashes, found.last_error) == (3, 2, "oh")
    assert found.errors == [{"attempt": 3, "error": "oh"}]
    assert (found.handler, found.name) == (enqueued.handler, "tests.client.letters.Letter")
    assert (found.state, found.held_reason, found.held_until) == ("held", "why", None)
    assert (found.locked_by, found.locked_at, found.failed_at, found.created_at) == (None, None, None, LATER)
    assert abs(found.updated_at - datetime.now(UTC)) < timedelta(minutes=5)


def test_a_locked_job_says_by_whom_and_does_not_count_the_attempt_under_way(table: Database) -> None:
    job = bring_into("locked", table)
    assert (job.locked_by, job.attempts) == (TOKEN, 0)
    assert row(table, job, "attempts") == (1,)


def test_a_failed_job_says_why_and_when(table: Database) -> None:
    job = bring_into("failed", table)
    assert (job.last_error, job.attempts, job.errors[0]["error"]) == (REPORT.text, 1, "ValueError: no")
    assert abs(job.failed_at - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.parametrize("id", [0, -1, 2**63 - 1, 2**63, -(2**80), "1", None, 1.0])
def test_what_is_not_there_is_not_found(table: Database, id: Any) -> None:
    with pytest.raises(JobNotFound, match=repr(id).replace(".", r"\.")):
        Job.find(id)
    enqueue(Letter("the connection is as good as before"))


@pytest.mark.parametrize("state", ["ready", "scheduled", "held"])
def test_a_waiting_job_is_moved_and_its_hold_ends(table: Database, state: str) -> None:
    job = bring_into(state, table)
    assert job.reschedule(LATER) is job
    assert (job.state, job.run_at, job.held_until, job.held_reason) == ("scheduled", LATER, None, None)
    assert row(table, job, "run_at, held_until, held_reason") == (LATER, None, None)
    assert job.reschedule(0).state == "ready"
    assert claim(table) == [job.id]


@pytest.mark.parametrize("state", ["locked", "failed", "gone"])
def test_a_job_that_does_not_wait_is_not_moved(table: Database, state: str) -> None:
    job = bring_into(state, table)
    before = row(table, job, "*")
    with pytest.raises(WrongState, match=f"job {job.id} is {state}: only one that waits") as refused:
        job.reschedule(LATER)
    assert (refused.value.state, job.state) == (state, state)
    assert row(table, job, "*") == before


def test_a_wrong_time_is_an_error_before_anything_is_asked(table: Database) -> None:
    job = enqueue(Letter("a"))
    for wrong in (datetime(2030, 1, 1), True, float("nan"), "tomorrow"):  # noqa: DTZ001
        with pytest.raises(ValueError, match="run_at"):
            job.reschedule(wrong)


@pytest.mark.parametrize("state", STATES)
def test_only_a_waiting_job_is_cancelled_and_it_says_whether_it_was(table: Database, state: str) -> None:
    job = bring_into(state, table)
    waits = state in ("ready", "scheduled", "held")
    assert job.cancel() is waits
    assert job.state == ("gone" if waits else state)
    assert (row(table, job, "1") is None) == (waits or state == "gone")
    assert job.cancel() is False


def test_a_failed_job_starts_over_with_its_history(table: Database) -> None:
    job = bring_into("failed", table)
    table.connect().execute(
        "UPDATE delayed_jobs SET attempts = 25, crashes = 4, suspect = true, expires_at = now() - interval '1 h'"
    )
    assert job.retry() is job
    assert (job.state, job.attempts, job.crashes, job.failed_at) == ("ready", 0, 0, None)
    kept = row(table, job, "attempts, crashes, suspect, failed_at, expires_at, last_error, jsonb_array_length(errors)")
    assert kept == (0, 0, False, None, None, REPORT.text, 1)
    assert claim(table) == [job.id]
    assert row(table, job, "attempts") == (1,)


@pytest.mark.parametrize("state", ["ready", "scheduled", "locked", "held", "gone"])
def test_a_job_that_has_not_failed_is_not_retried(table: Database, state: str) -> None:
    job = bring_into(state, table)
    before = row(table, job, "*")
    with pytest.raises(WrongState, match=f"is {state}: only one that has failed"):
        job.retry()
    assert row(table, job, "*") == before


@pytest.mark.parametrize("act", [Job.cancel, lambda job, connection: job.reschedule(LATER, connection=connection)])
def test_a_claim_that_comes_first_leaves_nothing_to_do(table: Database, act: Any) -> None:
    """The row lock decides: the other statement waits for the claim, and sees what it did."""
    job = enqueue(Letter("a"))
    sessions = [connect(table.url, application_name="test") for _ in range(3)]
    claiming, acting, observing = sessions
    claiming.autocommit = False
    assert len(JobQueue(claiming, table.schema).claim(1, TOKEN)) == 1
    with in_background(lambda: act(job, connection=acting)) as result:
        wait_until_blocked(observing, acting)
        claiming.commit()
    if act is Job.cancel:
        assert result.result() is False
    else:
        with pytest.raises(WrongState, match="is locked"):
            result.result()
    assert (job.state, job.locked_by) == ("locked", TOKEN)
    for session in sessions:
        session.close()


def test_a_cancelled_job_is_not_claimed_although_the_claim_waits_for_nobody(table: Database) -> None:
    job = enqueue(Letter("a"))
    with psycopg.connect(table.url) as connection:
        assert job.cancel(connection=connection) is True
        assert claim(table) == []
        connection.rollback()
    assert job.reload().state == "ready"
    assert claim(table) == [job.id]


def test_each_method_joins_the_caller_s_transaction(table: Database) -> None:
    waits, failed = bring_into("ready", table), None
    waits.reschedule(LATER)
    failed = bring_into("failed", table)
    with psycopg.connect(table.url) as connection:
        waits.reschedule(0, connection=connection)
        failed.retry(connection=connection)
        assert Job.find(waits.id, connection=connection).state == "ready"
        assert failed.reload(connection=connection).state == "ready"
        assert (Job.find(waits.id).state, Job.find(failed.id).state) == ("scheduled", "failed")
        connection.rollback()
    assert (waits.reload().state, failed.reload().state) == ("scheduled", "failed")


@pytest.mark.parametrize("joined", [True, False])
def test_each_method_has_a_twin_to_be_awaited(table: Database, joined: bool) -> None:
    failed = bring_into("failed", table)
    waits = enqueue(Letter("a"))

    async def work(connection: psycopg.AsyncConnection[Any] | None) -> None:
        found = await Job.afind(waits.id, connection=connection)
        await found.areschedule(LATER, connection=connection)
        assert (await waits.areload(connection=connection)).run_at == LATER
        assert await found.acancel(connection=connection) is True
        assert (await failed.aretry(connection=connection)).state == "ready"
        with pytest.raises(WrongState):
            await failed.aretry(connection=connection)
        with pytest.raises(JobNotFound):
            await Job.afind(waits.id, connection=connection)

    async def work_joined() -> None:
        async with await psycopg.AsyncConnection.connect(table.url) as connection:
            await work(connection)
            await connection.rollback()

    asyncio.run(work_joined() if joined else work(None))
    assert (waits.reload().state, failed.reload().state) == (("ready", "failed") if joined else ("gone", "ready"))


@pytest.mark.parametrize("wake_ups", [True, False])
def test_a_job_made_ready_wakes_idle_daemons_of_its_queue(table: Database, wake_ups: bool) -> None:
    waits, failed = bring_into("scheduled", table), bring_into("failed", table)
    table.connect().execute(
        "INSERT INTO delayed_daemons (id, name, host, pid, boot_id, version, workers, lease, idle)"
        " VALUES (gen_random_uuid(), 'd', 'h', 1, 'b', 'v', 1, '1 hour', true)"
    )
    configure(database_url=table.url, schema=table.schema, wake_ups=wake_ups)
    listener = table.connect()
    listener.execute("LISTEN delayed_jobs")
    waits.reschedule(0)
    failed.retry()
    listener.execute("NOTIFY delayed_jobs, 'end'")
    heard = []
    for notify in listener.notifies(timeout=30):
        if notify.payload == "end":
            break
        heard += [notify.payload] if notify.payload.startswith(table.schema) else []
    # Two notifications of one session with the same payload, in two transactions.
    assert heard == [f"{table.schema} post 7"] * (2 if wake_ups else 0)


def test_a_job_that_has_no_row_yet_is_in_no_state_for_any_of_it(table: Database) -> None:
    job = Job(Letter("a"))
    assert job.reload().state == "gone"
    assert job.cancel() is False
    with pytest.raises(WrongState):
        job.reschedule(0)


def test_a_connection_that_was_lost_is_replaced(table: Database) -> None:
    job = enqueue(Letter("a"))
    table.connect().execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'delayed-daemon producer'"
    )
    assert job.reload().state == "ready"


def test_importing_in_order_to_enqueue_loads_neither_the_daemon_nor_its_command_line() -> None:
    program = (
        "import sys; from delayed_daemon import Job, enqueue; print([name for name in sys.modules if name.startswith("
        "('delayed_daemon.worker', 'delayed_daemon.supervisor', 'delayed_daemon.maintenance', 'delayed_daemon.cli.',"
        " 'delayed_daemon.forkserver', 'click'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
