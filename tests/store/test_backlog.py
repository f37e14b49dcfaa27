from __future__ import annotations

from datetime import timedelta

import pytest

from delayed_daemon.store.backlog import BATCH, Backlog, Selection
from tests.store.sessions import REPORT, Claimant, lapse


@pytest.fixture
def backlog(sessions) -> Backlog:
    return Backlog(sessions.connection, sessions.schema)


def changed(batches) -> list[int]:
    return [id for batch in batches for id in batch]


ACTS = {
    "failed": lambda backlog, ids: backlog.retry(ids),
    "ready": lambda backlog, ids: backlog.reschedule(ids, timedelta(hours=1)),
    "scheduled": lambda backlog, ids: backlog.delete(ids, ("scheduled",)),
    "held": lambda backlog, ids: backlog.release_held(ids),
    "locked": lambda backlog, ids: backlog.release_locked(ids, force=True),
}
MAKE = {
    "failed": "failed_at = now()",
    "ready": "run_at = now()",
    "scheduled": "run_at = now() + interval '1 h'",
    "held": "held_until = now() + interval '1 h'",
    "locked": "locked_by = 'host:1'",
}


@pytest.mark.parametrize("acted_on", ACTS)
def test_an_act_touches_the_jobs_of_its_states_only(sessions, backlog, acted_on):
    ids = dict(zip(MAKE, sessions.add(5), strict=True))
    for state, id in ids.items():
        sessions.run(f"UPDATE {{jobs}} SET {MAKE[state]} WHERE id = %s", [id])
    allowed = {ids[acted_on]} | ({ids["scheduled"]} if acted_on == "ready" else set())
    assert set(changed(ACTS[acted_on](backlog, list(ids.values())))) == allowed


def test_a_retried_job_has_all_its_attempts_again_and_keeps_its_history(sessions, backlog):
    worker, (id,) = Claimant(sessions.queue), sessions.add()
    worker.claim()
    sessions.queue.fail(id, worker.token, REPORT)
    sessions.run("UPDATE {jobs} SET crashes = 3")
    assert changed(backlog.retry([id])) == [id]
    row = sessions.row(id)
    assert (row.attempts, row.crashes, row.failed_at, len(row.errors)) == (0, 0, None, 1)
    assert [job.id for job in worker.claim()] == [id]


@pytest.mark.parametrize(
    "act", [lambda b, ids: b.reschedule(ids, timedelta(0)), lambda b, ids: b.delete(ids, ("ready",))]
)
def test_a_job_that_is_being_claimed_is_passed_over_without_waiting(sessions, backlog, act):
    connection, queue, _ = sessions.another()
    ids = sessions.add(2)
    with connection.transaction():
        Claimant(queue).claim()
        assert changed(act(backlog, ids)) == ids[1:]
    assert sessions.row(ids[0]).locked_by is not None


def test_a_job_that_is_being_deleted_is_claimed_by_nobody(sessions, backlog):
    connection, _, _ = sessions.another()
    ids = sessions.add(2)
    with connection.transaction():
        assert changed(Backlog(connection, sessions.schema).delete(ids[:1], ("ready",))) == ids[:1]
        assert [job.id for job in Claimant(sessions.queue).claim(2)] == ids[1:]


def test_locked_jobs_are_taken_from_a_living_daemon_only_by_force(sessions, backlog):
    living = Claimant(sessions.queue)
    sessions.upkeep.register(living.daemon_row())
    ids = sessions.add(2)
    living.claim(2)
    assert changed(backlog.release_locked(ids, force=False)) == []
    assert changed(backlog.release_locked(ids[:1], force=True)) == ids[:1]
    assert sessions.queue.settle([(ids[0], living.claims)], living.prefix).deleted == 0
    lapse(sessions, living)
    assert changed(backlog.release_locked(ids[1:], force=False)) == ids[1:]


def test_many_are_changed_in_batches_that_stand_when_the_next_is_not_begun(sessions, backlog):
    sessions.add(BATCH + 5)
    ids = backlog.select(Selection(states=("ready",)))
    batches = backlog.delete(ids, ("ready",))
    assert sorted(next(batches)) == ids[:BATCH]
    assert sessions.ids() == ids[BATCH:]
    assert len(backlog.select(Selection(), limit=2)) == 2
