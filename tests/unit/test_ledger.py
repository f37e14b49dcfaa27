"""The ledger: at every moment the scoreboard shows each claimed job somewhere."""

from __future__ import annotations

import uuid

import pytest

from delayed_daemon.host.scoreboard import Scoreboard
from delayed_daemon.host.slot import Execution
from delayed_daemon.maintenance.reconcile import reconcile
from delayed_daemon.worker.ledger import Ledger
from tests.unit.records import Table

DAEMON = "host:7"


@pytest.fixture
def board() -> Scoreboard:
    board = Scoreboard(2)
    board.holder = uuid.uuid4()
    board.slots[0].occupy(generation=4, number=1, pool=0)
    return board


@pytest.fixture
def ledger(board) -> Ledger:
    ledger = Ledger(board, board.slots[0], DAEMON)
    ledger.adopt_holder()
    return ledger


def test_a_claims_token_says_who_claimed_and_is_never_used_again(board, ledger):
    tokens = []
    for _ in range(3):
        number, token = ledger.begin_claim()
        ledger.end_claim(number, [])
        tokens.append(token)

    assert tokens == [f"host:7/{board.holder.hex}/4/{number}" for number in (1, 2, 3)]


def test_a_daemon_that_registers_anew_claims_under_its_new_name(board, ledger):
    assert not ledger.holder_changed
    board.holder = uuid.uuid4()
    assert ledger.holder_changed
    assert board.slots[0].holder != board.holder, "what was claimed before is still the old one's"

    ledger.adopt_holder()

    assert not ledger.holder_changed
    assert ledger.begin_claim() == (1, f"host:7/{board.holder.hex}/4/1")


def test_a_job_is_known_from_its_claim_to_its_deletion(board, ledger):
    """After each single step of its way, maintenance finds it and leaves it alone."""
    table = Table()

    def is_safe() -> bool:
        return reconcile(board, DAEMON, table, table) == 0

    number, token = ledger.begin_claim()
    table.lock(token, 17, 18)
    assert is_safe()
    ledger.end_claim(number, [17, 18])
    assert is_safe()
    for job_id in (17, 18):
        ledger.take_in_hand(Execution(job_id, number, 1, 2, 1, -1))
        assert is_safe()
        ledger.complete(job_id, number)
        assert is_safe()
    later, _ = ledger.begin_claim()
    assert is_safe()
    ledger.end_claim(later, [])
    assert is_safe(), "both are in the ring"
    assert ledger.unsettled() == [(17, number), (18, number)]
    table.locked.clear()
    ledger.settled(2)
    assert is_safe()
    assert ledger.unsettled() == []


def test_a_claim_whose_reply_was_lost_is_given_back(board, ledger):
    table = Table()
    number, token = ledger.begin_claim()
    table.lock(token, 17)
    ledger.end_claim(number, [])

    assert reconcile(board, DAEMON, table, table) == 1
    assert table.locked == {}


def test_the_room_is_what_the_ring_still_takes(ledger):
    room = ledger.room
    ledger.complete(17, 1)
    assert ledger.room == room - 1
    ledger.settled(1)
    assert ledger.room == room
