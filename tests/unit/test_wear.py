"""When a worker is worn out: by age, or by memory that it keeps."""

from __future__ import annotations

from math import inf

import pytest

from delayed_daemon.host.slot import Renewal
from delayed_daemon.worker import wear as wear_module
from delayed_daemon.worker.wear import Wear


class Machine:
    """Its clock, and a memory that counts how often it is read."""

    def __init__(self) -> None:
        self.seconds = 500.0
        self.kib = 10_000
        self.readings = 0

    def monotonic_ns(self) -> int:
        return int(self.seconds * 1e9)

    def memory(self) -> int:
        self.readings += 1
        return self.kib


@pytest.fixture
def machine(monkeypatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr(wear_module, "monotonic_ns", machine.monotonic_ns)
    return machine


def wear(machine: Machine, max_age=None, max_growth=None, draw=0.0) -> Wear:
    return Wear(max_age, max_growth, 10_000, draw=lambda: draw, memory=machine.memory)


def test_without_limits_there_is_never_a_reason_nor_a_reading(machine):
    unlimited = wear(machine)
    unlimited.worked()
    machine.seconds += 1e9
    assert unlimited.look() == Renewal.NONE
    assert unlimited.next_look() == inf
    assert machine.readings == 0


@pytest.mark.parametrize(("draw", "seconds"), [(0.0, 100.0), (1.0, 90.0)])
def test_it_is_old_at_its_age_or_up_to_a_tenth_earlier_worked_or_not(machine, draw, seconds):
    aging = wear(machine, max_age=100.0, draw=draw)
    machine.seconds += seconds - 0.01
    assert aging.look() == Renewal.NONE
    assert aging.next_look() == pytest.approx(0.01, abs=0.001)

    machine.seconds += 0.02
    assert aging.look() == Renewal.AGE


def test_growth_counts_from_the_size_after_the_fork(machine):
    growing = wear(machine, max_growth=1024 * 1024)
    for kib, reason in [(11_024, Renewal.NONE), (11_025, Renewal.MEMORY)]:
        growing.worked()
        machine.seconds += 1.0
        machine.kib = kib
        assert growing.look() == reason


def test_memory_is_read_once_a_second_at_most_and_only_after_jobs(machine):
    growing = wear(machine, max_growth=1024 * 1024)
    for _ in range(100):
        growing.worked()
        machine.seconds += 0.05
        growing.look()
    assert 4 <= machine.readings <= 5

    machine.seconds += 3600
    growing.look()
    readings = machine.readings
    machine.seconds += 3600
    assert growing.look() == Renewal.NONE
    assert machine.readings == readings
    assert growing.next_look() == inf


def test_what_the_last_job_kept_is_read_while_idle(machine):
    growing = wear(machine, max_growth=1024 * 1024)
    growing.worked()
    assert growing.look() == Renewal.NONE
    machine.kib += 50_000
    machine.seconds += growing.next_look()
    assert growing.look() == Renewal.MEMORY
