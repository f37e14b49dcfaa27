"""The pace of a daemon: jobs per second of the time with work."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from delayed_daemon.host.scoreboard import Scoreboard
from delayed_daemon.host.slot import Slot
from delayed_daemon.maintenance.tally import Tally

_MS = 1_000_000


@pytest.fixture
def board() -> Scoreboard:
    board = Scoreboard(2)
    for slot in board.slots:
        slot.occupy(generation=slot.index + 1, number=slot.index + 1, pool=0)
    return board


def spend(slot: Slot, began_ms: int, ended_ms: int) -> None:
    """The first half of a worker's count: the time."""
    slot.begun_ns = slot.begun_ns or began_ms * _MS
    slot.busy_ns += (ended_ms - began_ms) * _MS
    slot.done_ns = ended_ms * _MS


def test_the_rate_is_of_the_time_with_work_and_the_failed_count_too(board: Scoreboard) -> None:
    tally = Tally(board)
    spend(board.slots[0], 10_000, 12_000)
    board.slots[0].performed += 6
    board.slots[0].failed += 2
    with capture_logs() as events:
        assert tally.say()
    assert [(each["count"], each["failed"], each["rate"]) for each in events] == [(6, 2, 4.0)]


def test_workers_side_by_side_share_their_time(board: Scoreboard) -> None:
    tally = Tally(board)
    for slot in board.slots:
        spend(slot, 10_000, 11_000)
        slot.performed += 10
    tally.say()
    assert tally.rate == pytest.approx(20)


def test_a_job_whose_time_was_in_the_line_before_does_not_make_a_rate_of_its_own(board: Scoreboard) -> None:
    """A worker notes the time first: maintenance may look between this and the count."""
    tally, slot = Tally(board), board.slots[0]
    spend(slot, 10_000, 11_000)
    slot.performed += 9
    spend(slot, 11_000, 11_100)
    assert tally.say()
    slot.performed += 1
    rate = tally.rate
    assert tally.say()
    assert tally.rate == rate == pytest.approx(9 / 1.1)


def test_jobs_that_end_between_the_look_at_counts_and_the_look_at_times_keep_their_time(board: Scoreboard) -> None:
    class Hasty(Slot):
        """Its worker ends five jobs just after somebody looked at its counts."""

        @property
        def failed(self) -> int:  # type: ignore[override]
            if self.words[self.base + 20] == 10:
                spend(self, 11_000, 12_000)
                self.performed += 5
            return 0

    tally = Tally(board)
    board.slots[0] = slot = Hasty(board.words, board.slots[0].base, 0)
    spend(slot, 10_000, 11_000)
    slot.performed += 10
    tally.say()
    assert tally.rate == pytest.approx(7.5)


def test_jobs_that_end_while_it_counts_are_of_the_next_line_with_their_time(
    board: Scoreboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally, slot = Tally(board), board.slots[0]
    spend(slot, 10_000, 11_000)
    slot.performed += 10
    count = Tally._count

    def interrupted(self: Tally) -> object:
        counted = count(self)
        monkeypatch.undo()
        spend(slot, 11_000, 12_000)
        slot.performed += 5
        return counted

    monkeypatch.setattr(Tally, "_count", interrupted)
    tally.say()
    assert tally.rate == pytest.approx(10)
    tally.say()
    assert tally.rate == pytest.approx(5)
