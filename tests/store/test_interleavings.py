"""Two or three sessions in the middle of their transactions: nobody waits who must not, nobody gets what is another's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from delayed_daemon.store.failures import Remedy, classify
from tests.store.sessions import Claimant, in_background, lapse, wait_until_blocked


@pytest.fixture
def lost(sessions) -> Claimant:
    """A lapsed daemon that holds three jobs."""
    daemon = Claimant(sessions.queue, "lost")
    sessions.upkeep.register(daemon.daemon_row())
    sessions.add(3)
    daemon.claim(3)
    lapse(sessions, daemon)
    return daemon


def test_two_claims_at_once_take_different_jobs_and_neither_waits(sessions):
    ids = sessions.add(3)
    connection, queue, _ = sessions.another()
    with connection.transaction():
        first = Claimant(queue).claim(2)
        second = Claimant(sessions.queue).claim(2)
    assert [job.id for job in first] == ids[:2]
    assert [job.id for job in second] == ids[2:]


def test_a_claim_that_is_rolled_back_leaves_its_jobs_to_others(sessions):
    ids = sessions.add(2)
    connection, queue, _ = sessions.another()
    with connection.transaction(force_rollback=True):
        Claimant(queue).claim(2)
    assert [job.id for job in Claimant(sessions.queue).claim(2)] == ids


def test_a_job_that_is_being_released_is_claimed_once_that_is_committed(sessions):
    connection, queue, _ = sessions.another()
    holder, seeker = Claimant(queue), Claimant(sessions.queue)
    (id,) = sessions.add()
    holder.claim()
    with connection.transaction():
        queue.release([(id, holder.token)])
        assert seeker.claim() == []
    assert seeker.claim()[0].id == id


def test_a_job_that_somebody_else_has_locked_is_passed_over(sessions):
    ids = sessions.add(2)
    connection = sessions.connect()
    with connection.transaction():
        connection.execute(f"SELECT 1 FROM {sessions.schema}.delayed_jobs WHERE id = %s FOR UPDATE", [ids[0]])
        assert [job.id for job in Claimant(sessions.queue).claim(2)] == ids[1:]


def test_many_claimants_get_every_job_once(sessions):
    ids = sessions.add(600)

    def drain(name: str) -> list[int]:
        worker, taken = Claimant(sessions.another()[1], name), []
        finished: list[tuple[int, int]] = []
        while True:
            worker.claims += 1
            settlement, jobs = worker.queue.settle_and_claim(finished, worker.prefix, 7, worker.token)
            assert (settlement.deleted, settlement.refused) == (len(finished), ())
            if not jobs:
                return taken
            finished = [(job.id, worker.claims) for job in jobs]
            taken += [job.id for job in jobs]

    with ThreadPoolExecutor(4) as threads:
        taken = [id for future in [threads.submit(drain, f"w{n}") for n in range(4)] for id in future.result()]
    assert sorted(taken) == ids
    assert sessions.ids() == []


def test_a_heartbeat_that_is_about_to_commit_saves_the_jobs_from_a_rescue(sessions, lost):
    connection = sessions.connect()
    with connection.transaction():
        connection.execute(f"UPDATE {sessions.schema}.delayed_daemons SET heartbeat_at = clock_timestamp()")
        assert sessions.upkeep.rescue(lost.daemon_prefix, lost.start, 5) == []
    assert sessions.upkeep.rescue(lost.daemon_prefix, lost.start, 5) == []
    assert len(sessions.upkeep.locked_under(lost.daemon_prefix)) == 3


def test_a_heartbeat_during_a_rescue_learns_that_the_lease_is_gone(sessions, lost):
    connection, _, rescuer = sessions.another()
    with connection.transaction():
        assert len(rescuer.rescue(lost.daemon_prefix, lost.start, 5)) == 3
        assert sessions.upkeep.heartbeat(lost.start, {}, False) is None


def test_of_two_rescuers_one_rescues_and_the_other_does_not_wait(sessions, lost):
    connection, _, rescuer = sessions.another()
    with connection.transaction():
        assert len(rescuer.rescue(lost.daemon_prefix, lost.start, 5)) == 3
        assert sessions.upkeep.rescue(lost.daemon_prefix, lost.start, 5) == []
    assert sessions.upkeep.rescue(lost.daemon_prefix, lost.start, 5) == []
    assert {row.crashes for row in sessions.run("SELECT crashes FROM {jobs}")} == {1}


def test_two_rescuers_of_a_daemon_without_a_row_share_and_count_each_crash_once(sessions, lost):
    sessions.run("DELETE FROM {daemons}")
    connection, _, rescuer = sessions.another()
    with connection.transaction():
        first = rescuer.rescue(lost.daemon_prefix, lost.start, 5, limit=2)
        second = sessions.upkeep.rescue(lost.daemon_prefix, lost.start, 5)
    assert sorted(first + second) == sessions.ids()
    assert {row.crashes for row in sessions.run("SELECT crashes FROM {jobs}")} == {1}


def test_a_rescue_passes_over_what_is_being_settled(sessions, lost):
    ids = sessions.ids()
    connection, queue, _ = sessions.another()
    with connection.transaction():
        assert queue.settle([(ids[0], 1)], lost.prefix).deleted == 1
        assert sorted(sessions.upkeep.rescue(lost.daemon_prefix, lost.start, 5)) == ids[1:]
    assert sessions.ids() == ids[1:]


def test_a_settle_that_comes_after_a_rescue_deletes_nothing(sessions, lost):
    ids = sessions.ids()
    connection, _, rescuer = sessions.another()
    with connection.transaction():
        rescuer.rescue(lost.daemon_prefix, lost.start, 5)
        with in_background(lambda: sessions.queue.settle([(id, 1) for id in ids], lost.prefix)) as settling:
            wait_until_blocked(connection, sessions.connection)
            connection.execute("COMMIT")
            assert settling.result().deleted == 0
    assert sessions.ids() == ids


def test_a_late_claim_of_a_dead_worker_is_released_by_the_next_round(sessions):
    connection, queue, _ = sessions.another()
    worker = Claimant(queue)
    ids = sessions.add(2)
    worker.claim()
    with connection.transaction():
        worker.claim()
        assert sessions.upkeep.release_range(worker.prefix) == ids[:1]
    assert sessions.upkeep.release_range(worker.prefix) == ids[1:]


def test_maintenance_waits_for_no_row(sessions, lost):
    sessions.run("UPDATE {jobs} SET held_until = now() WHERE id = (SELECT min(id) FROM {jobs})")
    connection = sessions.connect()
    with connection.transaction():
        connection.execute(f"SELECT 1 FROM {sessions.schema}.delayed_jobs FOR UPDATE")
        assert sessions.upkeep.release_range(lost.daemon_prefix) == []
        assert sessions.upkeep.rescue(lost.daemon_prefix, lost.start, 5) == []
        assert sessions.upkeep.rescue_foreign(0.0, 5) == []
        assert sessions.upkeep.unhold_due() == sessions.upkeep.unhold_all() == 0
        assert len(sessions.upkeep.holders()) == 1
        assert sessions.upkeep.next_due() is not None


def test_a_table_that_somebody_locks_is_given_up_after_a_while_and_worth_a_retry(sessions):
    sessions.add()
    sessions.connection.execute("SET lock_timeout = '50ms'")
    connection = sessions.connect()
    with connection.transaction():
        connection.execute(f"LOCK TABLE {sessions.schema}.delayed_jobs IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(psycopg.errors.LockNotAvailable) as caught:
            Claimant(sessions.queue).claim()
    assert classify(caught.value) is Remedy.RETRY
    assert len(Claimant(sessions.queue).claim()) == 1


def test_a_statement_that_an_admin_cancels_is_worth_a_retry(sessions, lost):
    connection = sessions.connect()
    with connection.transaction():
        connection.execute(f"SELECT 1 FROM {sessions.schema}.delayed_jobs FOR UPDATE")
        settle = lambda: sessions.queue.settle([(id, 1) for id in sessions.ids()], lost.prefix)  # noqa: E731
        with in_background(settle) as settling:
            wait_until_blocked(connection, sessions.connection)
            connection.execute("SELECT pg_cancel_backend(%s::int)", [sessions.connection.info.backend_pid])
            error = settling.exception()
    assert classify(error) is Remedy.RETRY
    assert settle().deleted == 3
