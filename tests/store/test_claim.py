from __future__ import annotations

import random
from datetime import timedelta

import pytest

from delayed_daemon.store.connection import connect
from delayed_daemon.store.enqueue import NewJob
from delayed_daemon.store.queue import JobQueue
from tests.store.sessions import REPORT, Claimant


@pytest.fixture
def worker(sessions) -> Claimant:
    return Claimant(sessions.queue)


def test_a_claim_locks_the_job_and_counts_the_attempt(sessions, worker):
    (id,) = sessions.add(priority=3, queue="mail", handler="!job:shop.Mail {}")
    (job,) = worker.claim()
    assert job[:7] == (id, 1, 0, False, 3, "mail", "!job:shop.Mail {}")
    row = sessions.row(id)
    assert (row.locked_by, row.attempts) == (worker.token, 1)
    assert row.locked_at is not None


def test_what_is_locked_scheduled_failed_or_held_is_not_claimed(sessions, worker):
    sessions.add(4)
    for end in (
        lambda job: None,
        lambda job: sessions.queue.reschedule(job.id, worker.token, REPORT, timedelta(hours=1)),
        lambda job: sessions.queue.fail(job.id, worker.token, REPORT),
        lambda job: sessions.queue.hold(job.id, worker.token, "no such class"),
    ):
        (job,) = worker.claim()
        end(job)
    assert worker.claim(10) == []


def test_the_order_is_priority_then_the_oldest(sessions, worker):
    jobs = [(priority, -float(age)) for priority in (5, -5, 0) for age in range(5)]
    random.Random(1).shuffle(jobs)
    sessions.queue.enqueue_many(
        [NewJob("h", f"q{n % 3}", priority, delay=age) for n, (priority, age) in enumerate(jobs)]
    )
    claimed = [worker.claim()[0] for _ in jobs]
    ages = dict(zip(sessions.ids(), jobs, strict=True))
    assert [ages[job.id] for job in claimed] == sorted(jobs)


def test_a_batch_is_handed_out_in_the_order_it_is_to_be_run(sessions, worker):
    sessions.queue.enqueue_many([NewJob("h", "q", n % 3, delay=-float(n)) for n in range(60)])
    claimed = worker.claim(60)
    keys = [(job.priority, job.run_at, job.id) for job in claimed]
    assert len(keys) == 60
    assert keys == sorted(keys)


def test_no_queue_of_a_priority_starves_another(sessions, worker):
    sessions.queue.enqueue_many([NewJob("h", "a", delay=-10.0)] * 50 + [NewJob("h", "b", delay=-20.0)])
    assert worker.claim()[0].queue == "b"


def test_both_ends_of_the_priority_range_are_served(sessions, worker):
    sessions.queue.enqueue_many([NewJob("h", "q", priority) for priority in range(-3, 4)])
    assert [job.priority for job in worker.claim(9, min_priority=-1, max_priority=2)] == [-1, 0, 1, 2]
    assert [job.priority for job in worker.claim(9, max_priority=-3)] == [-3]
    assert [job.priority for job in worker.claim(9, min_priority=3)] == [3]


def test_the_greatest_and_least_priorities_are_served(sessions, worker):
    sessions.queue.enqueue_many([NewJob("h", "q", 2**31 - 1), NewJob("h", "q", -(2**31))])
    assert [job.priority for job in worker.claim(9)] == [-(2**31), 2**31 - 1]


def test_only_the_queues_named_are_served_however_often_they_are_named(sessions, worker):
    sessions.queue.enqueue_many([NewJob("h", queue) for queue in ("a", "b", "c", "B")])
    assert sorted(job.queue for job in worker.claim(9, queues=["b", "c", "b", "nowhere"])) == ["b", "c"]


def test_a_list_of_queues_keeps_to_the_priority_range(sessions, worker):
    sessions.queue.enqueue_many([NewJob("h", queue, priority) for queue in "ab" for priority in (0, 1, 2)])
    claimed = worker.claim(9, queues=["a"], min_priority=1, max_priority=2)
    assert [(job.queue, job.priority) for job in claimed] == [("a", 1), ("a", 2)]


@pytest.mark.parametrize("listed", [False, True])
def test_a_hundred_queues_of_ten_priorities_are_all_found(sessions, worker, listed):
    jobs = [NewJob("h", f"q{queue:03}", priority) for queue in range(100) for priority in range(10)]
    sessions.queue.enqueue_many(jobs)
    queues = [f"q{queue:03}" for queue in range(100)] if listed else []
    found = [job.id for _ in range(4) for job in worker.claim(300, queues=queues)]
    assert sorted(found) == sessions.ids()


def test_a_claim_finds_what_is_ready_behind_what_is_scheduled(sessions, worker):
    sessions.add(200, delay=3600.0, priority=-10)
    sessions.add(200, delay=3600.0, priority=5, queue="default")
    (ready,) = sessions.add(priority=5, queue="zzz")
    assert [job.id for job in worker.claim(10)] == [ready]


def test_nothing_ready_is_an_empty_claim(worker):
    assert worker.claim(10) == []
    assert worker.claim(10, queues=["a"]) == []


@pytest.mark.parametrize("moment", ["-infinity", "infinity", "20000-01-01", "0300-01-01 BC"])
def test_a_moment_that_python_cannot_hold_stops_no_claim(sessions, worker, moment):
    sessions.run("ALTER TABLE {jobs} DROP CONSTRAINT delayed_jobs_run_at_check")
    sessions.run("INSERT INTO {jobs} (handler, run_at) VALUES ('hostile', %s)", [moment])
    sessions.add(handler="good")
    claimed = {job.handler: job for job in worker.claim(10)}
    assert "good" in claimed
    assert ("hostile" in claimed) == (moment in ("-infinity", "0300-01-01 BC"))
    assert sessions.queue.settle([(job.id, worker.claims) for job in claimed.values()], worker.prefix).refused == ()
    assert sessions.upkeep.next_due() is None or sessions.upkeep.next_due() > 0


def test_a_session_that_defaults_to_serializable_claims_under_read_committed(sessions):
    sessions.add(5)
    url = f"{sessions.url}&options=-c%20default_transaction_isolation%3Dserializable"
    with connect(url, application_name="delayed-daemon test") as connection:
        assert connection.execute("SHOW transaction_isolation").fetchall() == [("read committed",)]
        assert len(Claimant(JobQueue(connection, sessions.schema)).claim(5)) == 5


def test_a_claim_tells_how_often_the_job_crashed_and_whether_it_is_a_suspect(sessions, worker):
    (id,) = sessions.add()
    worker.claim()
    sessions.upkeep.crash(id, worker.token, REPORT, 5, timedelta(0))
    (job,) = worker.claim()
    assert (job.crashes, job.suspect) == (1, False)
    sessions.queue.release([(id, worker.token)], suspect=True)
    assert worker.claim()[0].suspect is True


@pytest.mark.parametrize(
    ("expires_at", "least", "most"),
    [
        ("now() + interval '1 hour'", 3500, 3600),
        ("now() - interval '1 hour'", -3700, -3600),
        ("'infinity'", float("inf"), float("inf")),
        ("'-infinity'", float("-inf"), float("-inf")),
        ("NULL", None, None),
    ],
)
@pytest.mark.parametrize("queues", [[], ["default"]])
def test_a_claim_says_how_long_a_job_may_still_be_started(sessions, expires_at, least, most, queues):
    sessions.add()
    sessions.run(f"UPDATE {{jobs}} SET expires_at = {expires_at}")
    (job,) = Claimant(sessions.queue).claim(queues=queues)
    if least is None:
        assert (job.expires_at, job.expires_in) == (None, None)
    else:
        assert least <= job.expires_in <= most
