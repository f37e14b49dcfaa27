from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from delayed_daemon.outcome import ErrorReport
from tests.store.sessions import REPORT, Claimant


@pytest.fixture
def worker(sessions) -> Claimant:
    return Claimant(sessions.queue)


@pytest.fixture
def job(sessions, worker) -> int:
    (id,) = sessions.add()
    worker.claim()
    return id


def _unlocked(row) -> bool:
    return row.locked_by is None and row.locked_at is None


def test_a_rescheduled_job_waits_keeps_its_attempt_and_says_why(sessions, worker, job):
    assert sessions.queue.reschedule(job, worker.token, REPORT, timedelta(seconds=3600))
    row = sessions.row(job)
    assert _unlocked(row)
    assert timedelta(seconds=3500) < row.wait <= timedelta(seconds=3600)
    assert (row.attempts, row.last_error, row.failed_at) == (1, REPORT.text, None)
    assert [(error["attempt"], error["error"]) for error in row.errors] == [(1, REPORT.summary)]
    assert datetime.fromisoformat(row.errors[0]["at"]) == row.updated_at


def test_a_job_can_name_the_moment_of_its_next_attempt(sessions, worker, job):
    moment = datetime(2101, 2, 3, 4, 5, 6, 7, UTC)
    assert sessions.queue.reschedule(job, worker.token, REPORT, moment)
    assert sessions.row(job).run_at == moment


@pytest.mark.parametrize("wait", [timedelta.max, timedelta.min + timedelta.max])
def test_a_wait_beyond_the_calendar_is_a_very_long_wait(sessions, worker, job, wait):
    assert sessions.queue.reschedule(job, worker.token, REPORT, wait)
    assert _unlocked(sessions.run("SELECT locked_by, locked_at FROM {jobs}")[0])


def test_a_failed_job_stays_with_its_reason(sessions, worker, job):
    assert sessions.queue.fail(job, worker.token, REPORT)
    row = sessions.row(job)
    assert _unlocked(row)
    assert row.failed_at is not None
    assert (row.attempts, row.last_error, row.errors[0]["error"]) == (1, REPORT.text, REPORT.summary)
    assert worker.claim() == []


def test_the_history_keeps_the_last_ten_errors(sessions, worker):
    (id,) = sessions.add()
    for n in range(1, 14):
        worker.claim()
        sessions.queue.reschedule(id, worker.token, ErrorReport(f"text {n}", f"error {n}"), timedelta(0))
    row = sessions.row(id)
    assert [(error["attempt"], error["error"]) for error in row.errors] == [(n, f"error {n}") for n in range(4, 14)]
    assert row.last_error == "text 13"


@pytest.mark.parametrize("errors", ["{}", "null", '"text"', '{"attempt": 1}', "3"])
def test_a_history_that_somebody_spoilt_does_not_stop_the_next_error(sessions, worker, job, errors):
    sessions.run("UPDATE {jobs} SET errors = %s::jsonb", [errors])
    assert sessions.queue.fail(job, worker.token, REPORT)
    assert sessions.row(job).errors[-1]["error"] == REPORT.summary


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_an_error_that_cannot_be_written_is_replaced_and_the_job_ends_all_the_same(sessions, worker, text):
    ids = sessions.add(2)
    worker.claim(2)
    assert sessions.queue.reschedule(ids[0], worker.token, ErrorReport(text, "fine"), timedelta(hours=1))
    assert sessions.queue.fail(ids[1], worker.token, ErrorReport("fine", text))
    for id in ids:
        row = sessions.row(id)
        assert _unlocked(row)
        assert row.last_error == "the text of the error could not be stored"
    assert sessions.connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def test_a_long_summary_is_cut(sessions, worker, job):
    assert sessions.queue.fail(job, worker.token, ErrorReport("text", "é" * 5000))
    assert sessions.row(job).errors[0]["error"] == "é" * 500


def test_a_held_job_waits_a_minute_and_no_attempt_is_counted(sessions, worker, job):
    assert sessions.queue.hold(job, worker.token, "shop.Mail: not deployed")
    row = sessions.row(job)
    assert _unlocked(row)
    assert (row.attempts, row.holds, row.held_reason) == (0, 1, "shop.Mail: not deployed")
    assert row.held_until - row.updated_at == timedelta(minutes=1)


def test_holds_double_up_to_an_hour(sessions, worker, job):
    waits = []
    for _ in range(9):
        sessions.queue.hold(job, worker.token, "no class")
        row = sessions.row(job)
        waits.append((row.held_until - row.updated_at).total_seconds() / 60)
        sessions.run("UPDATE {jobs} SET held_until = now()")
        assert sessions.upkeep.unhold_due() == 1
        worker.claim()
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


@pytest.mark.parametrize("reason", ["a\0b", "a\udc80b"])
def test_a_reason_that_cannot_be_written_does_not_stop_the_hold(sessions, worker, job, reason):
    assert sessions.queue.hold(job, worker.token, reason)
    assert sessions.row(job).held_reason == "the reason could not be stored"


def test_released_jobs_are_ready_again_and_no_attempt_is_counted(sessions, worker):
    ids = sessions.add(3)
    worker.claim(3)
    assert sessions.queue.release([(id, worker.token) for id in ids[:2]]) == 2
    for id in ids[:2]:
        row = sessions.row(id)
        assert _unlocked(row)
        assert (row.attempts, row.suspect, row.errors) == (0, False, [])
    assert [job.id for job in worker.claim(9)] == ids[:2]


def test_releasing_nothing_asks_the_database_nothing(sessions):
    sessions.connection.close()
    assert sessions.queue.release([]) == 0


def test_a_suspect_stays_one_until_an_attempt_ends_in_peace(sessions, worker, job):
    assert sessions.queue.release([(job, worker.token)], suspect=True) == 1
    worker.claim()
    assert sessions.queue.release([(job, worker.token)]) == 1
    assert sessions.row(job).suspect is True
    worker.claim()
    assert sessions.queue.reschedule(job, worker.token, REPORT, timedelta(0))
    assert sessions.row(job).suspect is False


def test_a_crash_counts_the_attempt_and_the_crash_and_waits(sessions, worker, job):
    assert sessions.upkeep.crash(job, worker.token, REPORT, 5, timedelta(hours=1))
    row = sessions.row(job)
    assert _unlocked(row)
    assert (row.attempts, row.crashes, row.failed_at, row.last_error) == (1, 1, None, REPORT.text)
    assert row.wait > timedelta(minutes=50)
    assert [(error["attempt"], error["error"]) for error in row.errors] == [(1, REPORT.summary)]


def test_a_job_that_keeps_killing_workers_is_quarantined(sessions, worker):
    (id,) = sessions.add()
    for _ in range(3):
        worker.claim()
        assert sessions.upkeep.crash(id, worker.token, REPORT, 3, timedelta(0))
    row = sessions.row(id)
    assert (row.crashes, row.attempts) == (3, 3)
    assert row.failed_at is not None
    assert row.last_error == f"quarantined after 3 crashes: {REPORT.text}"
    assert worker.claim() == []


def test_a_crash_whose_report_cannot_be_written_counts_all_the_same(sessions, worker, job):
    assert sessions.upkeep.crash(job, worker.token, ErrorReport("\0", "\0"), 1, timedelta.max)
    assert sessions.run("SELECT crashes FROM {jobs}")[0].crashes == 1


def test_an_attempt_that_was_not_made_does_not_count_and_its_reason_replaces_the_last(sessions, worker, job):
    sessions.queue.reschedule(job, worker.token, REPORT, timedelta(0))
    worker.claim()
    assert sessions.queue.fail(job, worker.token, ErrorReport("expired", "expired"), attempted=False)
    row = sessions.row(job)
    assert (row.attempts, row.last_error) == (1, "expired")
    assert [error["error"] for error in row.errors] == [REPORT.summary, "expired"]
