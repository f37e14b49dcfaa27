from __future__ import annotations

import psycopg
import pytest

from delayed_daemon.store.queue import Settlement
from tests.store.sessions import Claimant, Sessions

_REFUSING_TRIGGER = """
CREATE FUNCTION {schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.handler = 'bad' THEN RAISE EXCEPTION 'this one stays'; END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER refuse BEFORE DELETE ON {jobs} FOR EACH ROW EXECUTE FUNCTION {schema}.refuse();
"""


@pytest.fixture
def worker(sessions) -> Claimant:
    return Claimant(sessions.queue)


def _prepared(sessions: Sessions) -> set[str]:
    return {row[0] for row in sessions.connection.execute("SELECT name FROM pg_prepared_statements", prepare=False)}


def test_completed_jobs_are_deleted_and_counted(sessions, worker):
    ids = sessions.add(5)
    worker.claim(3)
    assert sessions.queue.settle([(id, worker.claims) for id in ids[:3]], worker.prefix) == Settlement(3)
    assert sessions.ids() == ids[3:]


def test_settling_nothing_asks_the_database_nothing(sessions, worker):
    sessions.connection.close()
    assert sessions.queue.settle([], worker.prefix).deleted == 0


def test_one_round_trip_settles_the_last_batch_and_claims_the_next(sessions, worker):
    ids = sessions.add(5)
    first = worker.claim(2)
    worker.claims += 1
    settlement, claimed = sessions.queue.settle_and_claim(
        [(job.id, worker.claims - 1) for job in first], worker.prefix, 2, worker.token
    )
    assert settlement.deleted == 2
    assert [job.id for job in claimed] == ids[2:4]


def test_a_round_trip_that_finds_no_more_still_settles(sessions, worker):
    ids = sessions.add(2)
    worker.claim(2)
    settlement, claimed = sessions.queue.settle_and_claim(
        [(id, 1) for id in ids], worker.prefix, 9, f"{worker.prefix}2"
    )
    assert (settlement.deleted, claimed, sessions.ids()) == (2, [], [])


def test_settle_and_claim_are_committed_together(sessions, worker):
    sessions.add(3)
    worker.claim(1)
    sessions.run("ALTER TABLE {jobs} ADD CHECK (locked_by NOT LIKE '%%/2')")
    with pytest.raises(psycopg.errors.CheckViolation):
        sessions.queue.settle_and_claim([(99, 1)], worker.prefix, 1, f"{worker.prefix}2")


def test_jobs_of_several_claims_settle_together(sessions, worker):
    ids = sessions.add(3)
    for _ in ids:
        worker.claim()
    assert sessions.queue.settle([(id, n) for n, id in enumerate(ids, 1)], worker.prefix).deleted == 3


def test_one_row_that_refuses_to_be_deleted_does_not_wedge_the_rest(sessions, worker):
    ids = sessions.add(7) + sessions.add(handler="bad") + sessions.add(5) + sessions.add(handler="bad")
    sessions.run(_REFUSING_TRIGGER)
    worker.claim(len(ids))
    settlement = sessions.queue.settle([(id, 1) for id in ids], worker.prefix)
    assert settlement.deleted == 12
    assert [(refused.id, refused.claim) for refused in settlement.refused] == [(ids[7], 1), (ids[13], 1)]
    assert "this one stays" in settlement.refused[0].error
    assert sessions.ids() == [ids[7], ids[13]]


def test_a_refused_row_stops_neither_the_next_claim_nor_the_session(sessions, worker):
    ids = sessions.add(3) + sessions.add(handler="bad") + sessions.add(4)
    sessions.run(_REFUSING_TRIGGER)
    worker.claim(4)
    settlement, claimed = sessions.queue.settle_and_claim(
        [(id, 1) for id in ids[:4]], worker.prefix, 2, f"{worker.prefix}2"
    )
    assert settlement.deleted == 3
    assert [refused.id for refused in settlement.refused] == [ids[3]]
    assert [job.id for job in claimed] == ids[4:6]
    settlement, claimed = sessions.queue.settle_and_claim(
        [(id, 2) for id in ids[4:6]], worker.prefix, 9, f"{worker.prefix}3"
    )
    assert (settlement.deleted, len(claimed)) == (2, 2)
    assert sessions.connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def test_a_refused_batch_keeps_what_the_session_had_prepared(sessions, worker):
    ids = sessions.add(2) + sessions.add(handler="bad")
    worker.claim(3)
    sessions.queue.settle_and_claim([(ids[0], 1)], worker.prefix, 1, f"{worker.prefix}2")
    before = _prepared(sessions)
    sessions.run(_REFUSING_TRIGGER)
    sessions.queue.settle_and_claim([(ids[1], 1), (ids[2], 1)], worker.prefix, 1, f"{worker.prefix}3")
    assert before <= _prepared(sessions)


def test_statements_are_prepared_once_whatever_their_numbers(sessions, worker):
    sessions.add(3)
    for min_priority in (None, 0, -40_000, -100):
        worker.claim(1, min_priority=min_priority)
        sessions.queue.settle([(2**40, 2**40), (1, 1)], worker.prefix)
        sessions.queue.settle([(1, 1)], worker.prefix)
    prepared = sessions.connection.execute("SELECT statement FROM pg_prepared_statements", prepare=False).fetchall()
    assert len(prepared) == len(set(prepared))
