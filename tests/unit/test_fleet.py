"""The fleet: every post is held, successors are ready before predecessors leave, crash loops back off."""

from __future__ import annotations

import select

import pytest

from delayed_daemon.host import processes
from delayed_daemon.host.premises import Premises
from delayed_daemon.host.slot import Ending, Renewal, Slot, State
from delayed_daemon.supervisor.fleet import SETTLED_AFTER_SECONDS, Fleet, Worker
from delayed_daemon.supervisor.nursery import News


class FakeNursery:
    """Notes which workers were asked for; their births are up to the test."""

    pid: int | None = None

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def start(self) -> None: ...

    def fileno(self) -> int | None:
        return None

    def ask(self, generation: int, slot: int) -> None:
        self.asked.append((generation, slot))

    def news(self) -> list[News]:
        return []

    def stop(self) -> None: ...


class Yard:
    """A fleet, its nursery, and what was done to processes that do not exist."""

    def __init__(self, size: int, slots: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.premises = Premises(slots)
        self.fleet = Fleet([size], self.premises)
        self.nursery = FakeNursery()
        self.drained: list[int] = []
        self.killed: list[int] = []
        self.now = 1000.0
        monkeypatch.setattr(processes, "tell", lambda pid, _number: self.drained.append(pid))
        monkeypatch.setattr(processes, "kill_group", self.killed.append)

    def fill(self) -> list[int]:
        """The generations that were asked for."""
        before = len(self.nursery.asked)
        self.fleet.fill(self.nursery, self.now)
        return [generation for generation, _ in self.nursery.asked[before:]]

    def birth(self, generation: int) -> Slot:
        """Pids are a hundred and the generation."""
        self.fleet.born(generation, 100 + generation)
        return self.slot(generation)

    def ready(self, generation: int) -> Slot:
        slot = self.birth(generation)
        slot.state = State.READY
        return slot

    def end(self, generation: int, *, crashed: bool) -> None:
        worker = self.fleet.ended(100 + generation, 9 if crashed else 0, 2048)
        assert worker is not None
        self.fleet.retire(worker, self.now, crashed=crashed)

    def settle_all(self) -> None:
        for slot in self.premises.board.unsettled():
            slot.settled = slot.generation

    def slot(self, generation: int) -> Slot:
        return next(slot for slot in self.premises.board.slots if slot.generation == generation)

    def holders(self) -> list[int | None]:
        return [post.holder.generation if post.holder else None for post in self.fleet.posts]


@pytest.fixture
def yard(monkeypatch) -> Yard:
    return Yard(2, 6, monkeypatch)


def rings(bell) -> bool:
    return bool(select.select([bell.fileno()], [], [], 0)[0])


def test_every_post_is_filled_once(yard):
    assert yard.fill() == [1, 2]
    assert yard.fill() == []
    assert [(slot.generation, slot.number, slot.state) for slot in yard.premises.board.living()] == [
        (1, 1, State.BOOTING),
        (2, 2, State.BOOTING),
    ]


def test_a_worker_is_let_go_once_its_pid_is_known(yard):
    yard.fill()
    bell = yard.premises.worker_bells[yard.slot(1).index]
    assert not rings(bell)

    yard.birth(1)

    assert yard.slot(1).pid == 101
    assert rings(bell)


def test_a_new_worker_does_not_hear_rings_for_the_last_one_in_its_slot(yard):
    for bell in yard.premises.worker_bells:
        bell.ring()

    yard.fill()

    assert not rings(yard.premises.worker_bells[yard.slot(1).index])


def test_a_worker_to_be_renewed_leaves_only_when_its_successor_is_ready(yard):
    yard.fill()
    yard.ready(1), yard.ready(2)
    yard.slot(1).renewal = Renewal.JOBS

    assert yard.fill() == [3]
    assert yard.fill() == []
    yard.birth(3)
    yard.fill()
    assert yard.drained == [], "the successor still boots"

    yard.slot(3).state = State.READY
    assert yard.fill() == []
    assert yard.drained == [101]
    assert yard.holders() == [3, 2]
    assert [worker.generation for worker in yard.fleet.leaving] == [1]

    yard.end(1, crashed=False)
    assert yard.fleet.leaving == []
    assert yard.fill() == []


def test_a_successor_has_its_predecessors_number(yard):
    yard.fill()
    yard.ready(2).renewal = Renewal.UNCLEAN
    yard.fill()

    assert yard.slot(3).number == 2


def test_a_predecessor_that_dies_first_is_followed_by_its_successor(yard):
    yard.fill()
    yard.ready(1).renewal = Renewal.JOBS
    yard.ready(2)
    yard.fill()

    yard.end(1, crashed=True)

    assert yard.holders() == [3, 2]
    yard.now += 60
    assert yard.fill() == []


def test_a_successor_that_dies_at_once_leaves_its_predecessor_in_place(yard):
    yard.fill()
    yard.ready(1).renewal = Renewal.JOBS
    yard.ready(2)
    yard.fill()
    yard.birth(3)

    yard.end(3, crashed=True)
    yard.now += 0.05
    assert yard.fill() == [], "its post backs off"
    yard.now += 1

    assert yard.fill() == [4]
    assert yard.holders() == [1, 2]
    assert yard.drained == []


def test_a_worker_that_leaves_in_order_is_followed_at_once(yard):
    yard.fill()
    yard.ready(1), yard.ready(2)

    yard.end(1, crashed=False)

    assert yard.fill() == [3]


def test_a_post_whose_workers_keep_crashing_waits_longer_each_time_and_others_do_not(yard):
    yard.fill()
    yard.ready(2)
    longest, generation = [], 1
    for _ in range(12):
        yard.birth(generation)
        yard.end(generation, crashed=True)
        yard.settle_all()
        wait = yard.fleet.next_fill(yard.now)
        assert wait is not None
        longest.append(wait)
        yard.now += wait - 0.001
        assert yard.fill() == [], "not before its time"
        yard.now += 0.002
        (generation,) = yard.fill()

    assert all(0.1 <= wait <= 30 for wait in longest)
    assert longest[0] == pytest.approx(0.1)
    assert max(longest) > 1
    assert yard.holders()[1] == 2


def test_a_worker_that_lived_a_while_was_no_crash_at_the_start(yard):
    yard.fill()
    yard.ready(2)
    generation = 1
    for _ in range(8):
        yard.birth(generation)
        yard.end(generation, crashed=True)
        yard.settle_all()
        yard.now += 31
        (generation,) = yard.fill()
    yard.birth(generation)

    yard.now += SETTLED_AFTER_SECONDS + 1
    yard.end(generation, crashed=True)

    assert yard.fleet.next_fill(yard.now) == pytest.approx(0.1)


def test_when_nothing_waits_there_is_no_next_fill(yard):
    yard.fill()
    assert yard.fleet.next_fill(yard.now) is None


def test_a_death_known_before_the_birth_is_kept_until_the_birth(yard):
    """The fork server's answer comes after the end of the worker it tells of."""
    yard.fill()
    yard.ready(2)
    assert yard.fleet.ended(101, 9, 4096) is None
    yard.fleet.forget_strangers()

    dead = yard.fleet.born(1, 101)

    assert isinstance(dead, Worker)
    slot = yard.slot(1)
    assert (slot.pid, slot.ended, slot.wait_status, slot.peak_kib) == (101, 1, 9, 4096)
    yard.fleet.retire(dead, yard.now, crashed=True)
    yard.now += 1
    assert yard.fill() == [3], "its post is not left to the dead"


def test_a_birth_as_usual_is_no_death(yard):
    yard.fill()
    assert yard.fleet.born(1, 101) is None


def test_the_end_of_a_stranger_is_nobodys_and_is_forgotten(yard):
    yard.fill()
    yard.ready(1), yard.ready(2)

    assert yard.fleet.ended(555, 0, 0) is None
    yard.fleet.forget_strangers()

    yard.slot(1).renewal = Renewal.JOBS
    yard.fill()
    assert yard.fleet.born(3, 555) is None, "a later worker with the same pid is alive"
    assert yard.slot(3).alive


def test_a_birth_that_nobody_waits_for_is_ended(yard):
    yard.fill()
    yard.fleet.abandon_unborn()

    yard.fleet.born(1, 101)

    assert yard.killed == [101]


def test_a_worker_that_could_not_be_forked_frees_its_slot_and_is_tried_again_later(yard):
    yard.fill()
    yard.ready(2)
    first = yard.slot(1)

    yard.fleet.stillborn(1, "Cannot allocate memory", yard.now)

    assert first.free
    assert yard.fill() == []
    yard.now += 0.2
    assert yard.fill() == [3]


def test_when_the_fork_server_dies_those_not_yet_born_are_asked_for_again(yard):
    yard.fill()
    yard.ready(2)
    first = yard.slot(1)

    yard.fleet.abandon_unborn()

    assert first.free
    assert rings(yard.premises.worker_bells[first.index]), "one that was forked, but never announced, shall look and go"
    assert yard.fill() == [3]
    assert yard.holders() == [3, 2]


def test_new_code_relieves_everybody_post_by_post(yard):
    yard.fill()
    yard.ready(1), yard.ready(2)

    yard.fleet.outdate()

    assert yard.fill() == [3, 4]
    yard.ready(4)
    yard.fill()
    assert yard.drained == [102]
    assert yard.holders() == [1, 4]
    yard.ready(3)
    yard.fill()
    assert yard.drained == [102, 101]
    assert yard.holders() == [3, 4]
    assert yard.fill() == [], "the successors are not outdated"


def test_code_that_is_newer_still_relieves_successors_too(yard):
    yard.fill()
    yard.ready(1), yard.ready(2)
    yard.fleet.outdate()
    yard.fill()
    yard.fleet.outdate()

    yard.ready(3), yard.ready(4)

    assert yard.fill() == [5, 6]
    assert yard.holders() == [3, 4]


def test_without_a_free_slot_a_post_waits_until_the_dead_are_settled(monkeypatch):
    yard = Yard(1, 2, monkeypatch)
    generation = 1
    assert yard.fill() == [1]
    for generation in (1, 2):
        yard.birth(generation)
        yard.end(generation, crashed=False)
        assert yard.fill() == ([generation + 1] if generation == 1 else [])

    yard.settle_all()

    assert yard.fill() == [3]


def test_draining_tells_everyone_once_and_whoever_is_born_late_too(yard):
    yard.fill()
    yard.ready(1)

    yard.fleet.drain()
    yard.fleet.drain()
    assert yard.drained == [101]

    yard.birth(2)
    yard.fleet.drain()
    assert yard.drained == [101, 102]


def test_killing_says_why_in_the_slot(yard):
    yard.fill()
    yard.ready(1), yard.ready(2)

    yard.fleet.kill(Ending.SHUTDOWN)

    assert yard.killed == [101, 102]
    assert {yard.slot(1).ending, yard.slot(2).ending} == {Ending.SHUTDOWN}


def test_what_a_dead_worker_performed_stays_counted(yard):
    yard.fill()
    slot = yard.ready(1)
    slot.performed, slot.failed, slot.busy_ns = 40, 2, 9_000_000

    yard.end(1, crashed=True)

    board = yard.premises.board
    assert (board.performed_before, board.failed_before, board.busy_before_ns) == (40, 2, 9_000_000)
    assert rings(yard.premises.maintenance_bell), "it is for maintenance to settle"
