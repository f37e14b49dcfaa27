"""Reconciling: of what is locked under this daemon's name, only the lost is released."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from delayed_daemon.host.scoreboard import Scoreboard
from delayed_daemon.host.slot import Execution, Slot
from delayed_daemon.maintenance.reconcile import reconcile
from tests.unit.records import Table

JOB = 17


def claim_under_way(slot: Slot) -> None:
    slot.claim_begun, slot.claim_finished = 3, 2


def in_batch(slot: Slot) -> None:
    slot.claim_begun = slot.claim_finished = 3
    slot.enter_batch(3, [16, JOB])


def in_hand(slot: Slot) -> None:
    slot.claim_begun = slot.claim_finished = 3
    slot.executions_used = 1
    slot.take_in_hand(0, Execution(JOB, 3, 1, 2, 1, -1))


def in_ring(slot: Slot) -> None:
    slot.claim_begun = slot.claim_finished = 5
    slot.enter_batch(5, [99])
    slot.enter_ring(JOB, 3)


def reply_lost(slot: Slot) -> None:
    slot.claim_begun = slot.claim_finished = 3
    slot.enter_batch(3, [])


def settled_and_yet_locked(slot: Slot) -> None:
    in_ring(slot)
    slot.ring_settled = 1


def in_batch_of_another_claim(slot: Slot) -> None:
    slot.claim_begun = slot.claim_finished = 4
    slot.enter_batch(4, [JOB])


def in_hand_under_another_claim(slot: Slot) -> None:
    slot.claim_begun = slot.claim_finished = 4
    slot.executions_used = 1
    slot.take_in_hand(0, Execution(JOB, 4, 1, 2, 1, -1))


def dead_and_not_yet_judged(slot: Slot) -> None:
    reply_lost(slot)
    slot.ended = 1


def dead_and_judged(slot: Slot) -> None:
    """A claim can still commit after the worker that sent it died."""
    dead_and_not_yet_judged(slot)
    slot.settled = slot.generation


def of_a_generation_long_gone(slot: Slot) -> None:
    slot.occupy(generation=9, number=1, pool=0)


@pytest.mark.parametrize(
    ("situation", "lost"),
    [
        (claim_under_way, False),
        (in_batch, False),
        (in_hand, False),
        (in_ring, False),
        (dead_and_not_yet_judged, False),
        (reply_lost, True),
        (settled_and_yet_locked, True),
        (in_batch_of_another_claim, True),
        (in_hand_under_another_claim, True),
        (dead_and_judged, True),
        (of_a_generation_long_gone, True),
    ],
)
def test_a_row_is_released_only_when_its_claim_is_over_and_no_worker_knows_it(
    situation: Callable[[Slot], None], lost: bool
):
    board = Scoreboard(3)
    board.holder = uuid.uuid4()
    slot = board.slots[1]
    slot.occupy(generation=4, number=1, pool=0)
    situation(slot)
    table = Table()
    table.lock(f"host:7/{board.holder.hex}/4/3", JOB)

    assert reconcile(board, "host:7", table, table) == int(lost)
    assert table.released == ([JOB] if lost else [])


def test_other_daemons_rows_are_none_of_its_business():
    board = Scoreboard(1)
    board.holder = uuid.uuid4()
    table = Table()
    table.lock(f"host:7/{uuid.uuid4().hex}/4/3", 1)
    table.lock(f"host:70/{board.holder.hex}/4/3", 2)

    assert reconcile(board, "host:7", table, table) == 0
    assert "release" not in table.calls


def test_a_job_that_moves_on_while_it_is_looked_for_is_seen():
    """Between the look at the batch and the look at the ring, it went from one to the other."""
    board = Scoreboard(1)
    board.holder = uuid.uuid4()
    slot = board.slots[0]
    slot.occupy(generation=4, number=1, pool=0)
    in_batch(slot)
    table = Table()
    table.lock(f"host:7/{board.holder.hex}/4/3", JOB)

    class Moving(Table):
        def locked_under(self, prefix: str) -> list[tuple[int, str]]:
            found = table.locked_under(prefix)
            slot.enter_ring(JOB, 3)
            slot.enter_batch(4, [])
            slot.claim_begun = slot.claim_finished = 4
            return found

    assert reconcile(board, "host:7", table, Moving()) == 0
