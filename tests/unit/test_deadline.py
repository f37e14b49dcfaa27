"""The soft deadline: raised inside the job, and nowhere else."""

from __future__ import annotations

import contextlib
import gc
import signal
import time
from collections.abc import Iterator

import pytest

from delayed_daemon.errors import MaxRunTimeExceeded
from delayed_daemon.execution.deadline import Deadline
from tests.waiting import wait_until

HOUR_NS = 3_600_000_000_000


@pytest.fixture
def deadline() -> Iterator[Deadline]:
    """The alarm clock of this process, given back to whoever had it before."""
    handler, timer = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
    signal.setitimer(signal.ITIMER_REAL, 0)
    yield Deadline()
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, *timer)


@pytest.fixture
def settings(monkeypatch) -> list[float]:
    """What the timer was set to, each time that it was."""
    made: list[float] = []
    really = signal.setitimer

    def setitimer(which: int, seconds: float, interval: float = 0.0) -> tuple[float, float]:
        made.append(seconds)
        return really(which, seconds, interval)

    monkeypatch.setattr(signal, "setitimer", setitimer)
    return made


def soon(seconds: float = 0.02) -> int:
    return time.monotonic_ns() + int(seconds * 1e9)


def late() -> int:
    return time.monotonic_ns() + HOUR_NS


def run_for(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


def hang() -> None:
    """A job that never ends, and catches every Exception."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with contextlib.suppress(Exception):
            time.sleep(5)
    raise AssertionError("the deadline did not come")


def test_a_job_that_catches_every_exception_is_stopped_at_its_deadline(deadline):
    began = time.monotonic_ns()
    with (
        pytest.raises(MaxRunTimeExceeded, match=r"^exceeded max_run_time \(0\.05 s\)$"),
        deadline.armed(soon(0.05), 0.05),
    ):
        hang()
    assert time.monotonic_ns() - began >= 50_000_000


def test_a_deadline_that_has_passed_already_stops_the_job(deadline):
    with pytest.raises(MaxRunTimeExceeded), deadline.armed(soon(-5), 1.0):
        hang()


def test_a_deadline_never_rings_after_the_job(deadline):
    with deadline.armed(soon(0.02), 0.02):
        pass
    run_for(0.06)


def test_many_jobs_that_end_just_at_their_deadline_are_stopped_inside_or_not_at_all(deadline):
    stopped = 0
    gc.disable()
    for _ in range(200):
        try:
            with deadline.armed(soon(0.0012), 0.001):
                run_for(0.0012)
        except MaxRunTimeExceeded:
            stopped += 1
        for _ in range(200):  # a late one would be raised here, and fail the test
            pass
    gc.enable()
    run_for(0.01)
    assert 0 <= stopped <= 200


def test_a_short_limit_holds_after_a_long_one(deadline):
    with deadline.armed(late(), 3600):
        pass
    with pytest.raises(MaxRunTimeExceeded), deadline.armed(soon(), 0.02):
        hang()


def test_a_long_limit_is_not_cut_short_by_the_alarm_of_an_earlier_job(deadline):
    with deadline.armed(soon(0.02), 0.02):
        pass
    with deadline.armed(late(), 3600):
        run_for(0.06)


def test_a_limit_holds_when_the_alarm_of_an_earlier_job_rings_first(deadline):
    with deadline.armed(soon(0.02), 0.02):
        pass
    with pytest.raises(MaxRunTimeExceeded, match=r"0\.1 s"), deadline.armed(soon(0.1), 0.1):
        hang()


def test_a_job_that_was_stopped_is_not_stopped_again_while_it_cleans_up(deadline):
    with pytest.raises(MaxRunTimeExceeded), deadline.armed(soon(), 0.02):
        try:
            hang()
        finally:
            run_for(0.05)


def test_after_a_job_was_stopped_the_next_has_its_own_limit(deadline):
    for _ in range(3):
        with pytest.raises(MaxRunTimeExceeded), deadline.armed(soon(), 0.02):
            hang()


@pytest.mark.parametrize("error", [ValueError, GeneratorExit, StopIteration, KeyboardInterrupt])
def test_what_a_job_raises_comes_out_and_disarms(deadline, error):
    with pytest.raises(error), deadline.armed(soon(0.05), 0.05):
        raise error
    run_for(0.1)


def test_a_stream_of_fast_jobs_sets_the_timer_once(deadline, settings):
    for _ in range(10_000):
        with deadline.armed(late(), 3600):
            pass

    assert len(settings) == 1


def test_an_alarm_that_rings_while_nothing_runs_is_not_set_again(deadline, settings):
    with deadline.armed(soon(0.01), 0.01):
        pass
    wait_until(lambda: signal.getitimer(signal.ITIMER_REAL)[0] == 0, "the alarm has rung")

    assert len(settings) == 1
    with deadline.armed(late(), 3600):
        pass
    assert len(settings) == 2
