"""A claim that was lost can end nothing: the table of every ending and every way to lose."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.store.sessions import REPORT, Claimant, lapse

_ENDINGS = {
    "complete": lambda s, w, id: s.queue.settle([(id, w.claims)], w.prefix).deleted,
    "complete and claim": lambda s, w, id: (
        s.queue.settle_and_claim([(id, w.claims)], w.prefix, 1, w.token, 99)[0].deleted
    ),
    "reschedule": lambda s, w, id: s.queue.reschedule(id, w.token, REPORT, timedelta(0)),
    "fail": lambda s, w, id: s.queue.fail(id, w.token, REPORT),
    "hold": lambda s, w, id: s.queue.hold(id, w.token, "no class"),
    "release": lambda s, w, id: s.queue.release([(id, w.token)]),
    "crash": lambda s, w, id: s.upkeep.crash(id, w.token, REPORT, 5, timedelta(0)),
}


def _release(sessions, worker, id):
    sessions.queue.release([(id, worker.token)])


def _reclaimed_by_another(sessions, worker, id):
    _release(sessions, worker, id)
    assert Claimant(sessions.queue, "other").claim()[0].id == id


def _reclaimed_by_itself(sessions, worker, id):
    _release(sessions, worker, id)
    successor = Claimant(sessions.queue, start=worker.start)
    successor.claims = worker.claims
    assert successor.claim()[0].id == id


def _reclaimed_by_its_successor(sessions, worker, id):
    _release(sessions, worker, id)
    assert Claimant(sessions.queue, start=worker.start, generation=2).claim()[0].id == id


def _rescued(sessions, worker, id):
    sessions.upkeep.register(worker.daemon_row())
    lapse(sessions, worker)
    assert sessions.upkeep.rescue(worker.daemon_prefix, worker.start, 5) == [id]


def _completed(sessions, worker, id):
    assert sessions.queue.settle([(id, worker.claims)], worker.prefix).deleted == 1


def _failed(sessions, worker, id):
    assert sessions.queue.fail(id, worker.token, REPORT)


_LOSSES = [
    _release,
    _reclaimed_by_another,
    _reclaimed_by_itself,
    _reclaimed_by_its_successor,
    _rescued,
    _completed,
    _failed,
]


@pytest.mark.parametrize("ending", _ENDINGS)
def test_a_claim_that_is_held_can_be_ended_once(sessions, ending):
    worker = Claimant(sessions.queue)
    (id,) = sessions.add()
    worker.claim()
    assert _ENDINGS[ending](sessions, worker, id) == 1
    assert _ENDINGS[ending](sessions, worker, id) == 0


@pytest.mark.parametrize("ending", _ENDINGS)
@pytest.mark.parametrize("loss", _LOSSES, ids=lambda loss: loss.__name__.strip("_"))
def test_a_lost_claim_changes_nothing(sessions, loss, ending):
    worker = Claimant(sessions.queue)
    (id,) = sessions.add()
    worker.claim()
    loss(sessions, worker, id)
    before = sessions.run("SELECT * FROM {jobs}")
    assert _ENDINGS[ending](sessions, worker, id) == 0
    assert sessions.run("SELECT * FROM {jobs}") == before
