"""The scoreboard: what one process writes, every other one reads, and nothing else changes."""

from __future__ import annotations

import os
import signal
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delayed_daemon.host.scoreboard import Scoreboard
from delayed_daemon.host.slot import BATCH_CAPACITY, EXECUTION_CAPACITY, RING_CAPACITY, Execution, Slot, State, Word
from tests.unit.children import forked, in_child

SLOT_FIELDS = sorted(name for name, member in vars(Slot).items() if isinstance(member, Word))
BOARD_FIELDS = sorted(name for name, member in vars(Scoreboard).items() if isinstance(member, Word))

words = st.integers(-(2**63), 2**63 - 1)


@pytest.fixture
def board() -> Scoreboard:
    return Scoreboard(3)


@pytest.fixture
def slot(board: Scoreboard) -> Slot:
    return board.slots[1]


def fill(slot: Slot) -> None:
    """Every word that a slot has, at its capacity."""
    for n, field in enumerate(SLOT_FIELDS):
        setattr(slot, field, 1000 + n)
    slot.batch_count = 0
    slot.enter_batch(5, list(range(1, BATCH_CAPACITY + 1)))
    slot.executions_used = EXECUTION_CAPACITY
    for position in range(EXECUTION_CAPACITY):
        slot.take_in_hand(position, Execution(position + 1, 6, 7, 8, 9, 10))
    slot.ring_written = slot.ring_settled = 0
    for n in range(RING_CAPACITY):
        slot.enter_ring(n + 1, 11)


def test_every_field_of_a_slot_is_a_word_of_its_own(slot):
    for n, field in enumerate(SLOT_FIELDS):
        setattr(slot, field, 100 + n)

    assert [getattr(slot, field) for field in SLOT_FIELDS] == [100 + n for n in range(len(SLOT_FIELDS))]


def test_every_field_of_the_header_is_a_word_of_its_own(board):
    for n, field in enumerate(BOARD_FIELDS):
        setattr(board, field, 100 + n)

    assert [getattr(board, field) for field in BOARD_FIELDS] == [100 + n for n in range(len(BOARD_FIELDS))]


def test_a_full_slot_touches_neither_its_neighbours_nor_the_header(board, slot):
    fill(slot)

    quiet = [getattr(other, field) for other in (board.slots[0], board.slots[2]) for field in SLOT_FIELDS]
    assert set(quiet) == {0}
    assert {getattr(board, field) for field in BOARD_FIELDS} == {0}
    assert not board.slots[0].ring()
    assert not board.slots[2].executions()


def test_batch_executions_and_ring_do_not_overlap_when_all_are_full(slot):
    fill(slot)

    assert slot.batch() == (5, list(range(1, BATCH_CAPACITY + 1)))
    assert [execution.job_id for execution in slot.executions()] == list(range(1, EXECUTION_CAPACITY + 1))
    assert set(slot.executions()) == {Execution(n + 1, 6, 7, 8, 9, 10) for n in range(EXECUTION_CAPACITY)}
    assert slot.ring() == [(n + 1, 11) for n in range(RING_CAPACITY)]
    assert slot.ring_room == 0


@given(value=words)
def test_a_field_takes_any_integer_of_the_database(value):
    board = Scoreboard(1)
    board.clock_offset_us = value
    board.slots[0].enter_ring(value, value)

    assert board.clock_offset_us == value
    assert board.slots[0].ring() == [(value, value)]


@given(rounds=st.lists(st.tuples(st.integers(0, RING_CAPACITY), st.integers(0, RING_CAPACITY)), max_size=12))
def test_a_ring_gives_what_is_not_settled_oldest_first_however_often_it_wraps(rounds):
    slot = Scoreboard(1).slots[0]
    expected: list[tuple[int, int]] = []
    number = 0
    for entered, settled in rounds:
        for _ in range(min(entered, slot.ring_room)):
            number += 1
            slot.enter_ring(number, number * 2)
            expected.append((number, number * 2))
        count = min(settled, len(expected))
        slot.ring_settled += count
        del expected[:count]

        assert slot.ring() == expected
        assert slot.ring_room == RING_CAPACITY - len(expected)


def test_only_jobs_in_hand_count_as_executions(slot):
    slot.executions_used = 3
    first, third = Execution(41, 1, 10, 20, 1, -1), Execution(43, 2, 11, 21, 4, 500)
    slot.take_in_hand(0, first)
    slot.take_in_hand(1, Execution(42, 1, 10, 20, 1, -1))
    slot.take_in_hand(2, third)

    slot.put_down(1)

    assert slot.executions() == [first, third]


def test_a_shorter_batch_replaces_a_longer_one(slot):
    slot.enter_batch(1, [1, 2, 3])
    slot.enter_batch(2, [4])
    assert slot.batch() == (2, [4])

    slot.enter_batch(2, [])
    assert slot.batch() == (2, [])


def test_a_new_worker_finds_nothing_of_the_last_one_in_its_slot(slot):
    fill(slot)

    slot.occupy(generation=8, number=2, pool=0)

    assert (slot.generation, slot.number, slot.state) == (8, 2, State.BOOTING)
    rest = set(SLOT_FIELDS) - {"generation", "number", "state"}
    assert {field: getattr(slot, field) for field in rest} == dict.fromkeys(rest, 0)
    slot.executions_used = 1
    assert not slot.executions()
    assert not slot.ring()
    assert slot.batch() == (0, [])


def test_a_slot_is_free_again_only_when_its_dead_worker_is_settled(board):
    assert board.free_slot() is board.slots[0]
    slot = board.slots[0]

    slot.occupy(generation=1, number=1, pool=0)
    assert (slot.free, slot.alive, slot.unsettled) == (False, True, False)
    assert list(board.living()) == [slot]

    slot.ended = 1
    assert (slot.free, slot.alive, slot.unsettled) == (False, False, True)
    assert board.unsettled() == [slot]
    assert board.free_slot() is board.slots[1]

    slot.settled = 1
    assert (slot.free, slot.alive, slot.unsettled) == (True, False, False)
    assert board.free_slot() is slot

    slot.occupy(generation=9, number=1, pool=0)
    assert (slot.free, slot.alive, slot.unsettled) == (False, True, False), "an older verdict says nothing of it"


def test_without_a_free_slot_there_is_none(board):
    for generation, slot in enumerate(board.slots, start=1):
        slot.occupy(generation, number=1, pool=0)

    assert board.free_slot() is None


@given(holder=st.uuids())
def test_a_holder_comes_back_as_it_was_stored(holder):
    board = Scoreboard(1)
    board.holder = holder
    board.slots[0].holder = holder

    assert board.holder == board.slots[0].holder == holder


@pytest.mark.parametrize("number", [1, 2**64 - 1, 2**64, 2**127, 2**128 - 1])
def test_any_uuid_but_none_means_registered(board, number):
    assert not board.is_registered

    board.holder = uuid.UUID(int=number)

    assert board.holder.int == number
    assert board.is_registered


def test_what_a_child_writes_its_parent_and_siblings_read(board):
    def write() -> None:
        board.slots[2].occupy(generation=3, number=1, pool=0)
        board.slots[2].enter_ring(17, 4)
        board.wakes += 1

    in_child(write)

    assert in_child(lambda: [board.slots[2].ring(), board.wakes]) == [[[17, 4]], 1]
    assert board.slots[2].ring() == [(17, 4)]


def test_what_a_killed_worker_wrote_last_stays(board):
    def work() -> None:
        board.slots[0].enter_ring(17, 4)
        os.kill(os.getpid(), signal.SIGKILL)

    with forked(work) as child:
        assert child.wait() == -signal.SIGKILL

    assert board.slots[0].ring() == [(17, 4)]
