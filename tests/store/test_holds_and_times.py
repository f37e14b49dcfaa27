from __future__ import annotations

import pytest

from delayed_daemon.store.enqueue import NewJob
from tests.store.sessions import Claimant


def _hold(sessions, count: int) -> None:
    worker = Claimant(sessions.queue)
    sessions.add(count)
    for job in worker.claim(count):
        sessions.queue.hold(job.id, worker.token, "no class")


def test_a_hold_that_is_over_lets_the_job_be_claimed_again(sessions):
    _hold(sessions, 3)
    assert sessions.upkeep.unhold_due() == 0
    sessions.run("UPDATE {jobs} SET held_until = now() WHERE id IN (SELECT id FROM {jobs} LIMIT 2)")
    assert sessions.upkeep.unhold_due() == 2
    assert len(Claimant(sessions.queue).claim(9)) == 2
    assert sorted(row.holds for row in sessions.run("SELECT holds FROM {jobs}")) == [1, 1, 1]


def test_new_code_lets_every_held_job_be_tried_as_if_it_had_never_been_held(sessions):
    _hold(sessions, 3)
    assert sessions.upkeep.unhold_all() == 3
    row = sessions.row(sessions.ids()[0])
    assert (row.held_until, row.held_reason, row.holds) == (None, None, 0)
    assert sessions.upkeep.unhold_all() == 0


def test_any_number_of_held_jobs_is_let_go(sessions):
    sessions.add(2500)
    sessions.run("UPDATE {jobs} SET held_until = now() - interval '1 s'")
    assert sessions.upkeep.unhold_due() == 2500
    sessions.run("UPDATE {jobs} SET held_until = now() + interval '1 h'")
    assert sessions.upkeep.unhold_all() == 2500


def test_nothing_scheduled_is_no_time_at_all(sessions):
    assert sessions.upkeep.next_due() is None
    sessions.add(3)
    assert sessions.upkeep.next_due() is None
    assert sessions.upkeep.next_due(["default"]) is None


def test_the_next_scheduled_job_is_known_across_priorities_and_queues(sessions):
    sessions.queue.enqueue_many(
        [
            NewJob("h", queue, priority, delay=1000.0 + 10 * n)
            for n, (priority, queue) in enumerate([(0, "b"), (0, "a"), (-1, "a"), (1, "c")])
        ]
    )
    sessions.add(5)
    assert 900 < sessions.upkeep.next_due() <= 1000
    assert 900 < sessions.upkeep.next_due(["a"]) <= 1010
    assert 910 < sessions.upkeep.next_due(["c", "nowhere"]) <= 1030
    assert 910 < sessions.upkeep.next_due(min_priority=1) <= 1030
    assert 910 < sessions.upkeep.next_due(max_priority=-1) <= 1020
    assert sessions.upkeep.next_due(["c"], max_priority=0) is None


def test_a_locked_or_failed_job_is_not_due(sessions):
    worker = Claimant(sessions.queue)
    sessions.add()
    worker.claim()
    sessions.run("UPDATE {jobs} SET run_at = now() + interval '1 h'")
    assert sessions.upkeep.next_due() is None


@pytest.mark.parametrize("queues", [[], ["default"], ["other"]])
def test_the_end_of_a_hold_is_due(sessions, queues):
    _hold(sessions, 1)
    assert 30 < sessions.upkeep.next_due(queues) <= 60


def test_a_job_that_became_due_since_the_last_look_is_not_slept_over(sessions):
    sessions.add(delay=-50.0)
    assert sessions.upkeep.next_due(lookback_seconds=40.0) is None
    assert -3600 < sessions.upkeep.next_due(lookback_seconds=3600.0) <= -50
    assert sessions.upkeep.next_due(["default"], lookback_seconds=3600.0) <= -50


def test_moments_that_never_come_are_not_due(sessions):
    sessions.run("ALTER TABLE {jobs} DROP CONSTRAINT delayed_jobs_run_at_check")
    sessions.run("INSERT INTO {jobs} (handler, run_at) VALUES ('h', 'infinity'), ('h', '-infinity')")
    assert sessions.upkeep.next_due(lookback_seconds=60.0) is None
    sessions.add(delay=60.0)
    assert 0 < sessions.upkeep.next_due() <= 60
