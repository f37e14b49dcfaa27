"""The limits a job sets for itself, and what happens when it sets nonsense."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
import structlog

from delayed_daemon.errors import MaxRunTimeExceeded
from delayed_daemon.execution.attempt import Attempts
from delayed_daemon.job import Job
from delayed_daemon.outcome import Failed, Outcome, Rescheduled
from tests.unit.test_attempt import NOW, Unlimited


class Failing:
    """A job that fails, with whatever members a test gives it."""

    def __init__(self, **members: Any) -> None:
        self.__dict__.update(members)

    def perform(self) -> None:
        raise ValueError("no such mail")


def raising(*_: object) -> Any:
    raise LookupError("no limit")


def leaving(*_: object) -> Any:
    raise SystemExit(9)


def attempt(payload: object, *, earlier_failures: int = 0) -> tuple[Outcome, float, list[str]]:
    """The outcome, the seconds the job was given, and the hooks that were logged as wrong."""
    seconds: list[float] = []

    def begin(allowed: float) -> int:
        seconds.append(allowed)
        return 0

    attempts = Attempts(lambda _: payload, lambda: NOW, Unlimited(), max_attempts=3, max_run_time=60.0)
    with structlog.testing.capture_logs() as logged:
        outcome = attempts.make(Job(None, id=7, attempts=earlier_failures), begin)
    return outcome, seconds[0], [line["hook"] for line in logged]


@pytest.mark.parametrize(
    ("own", "allowed"),
    [(1, 1), (2, 2), (10, 10), (0, 1), (-4, 1), (lambda: 2, 2), (2.9, 2), (True, 1), (None, 3), ("2", 2)],
)
def test_a_job_runs_as_often_as_its_own_max_attempts_says_and_once_at_least(own, allowed):
    payload = Failing(max_attempts=own)

    if allowed > 1:
        assert isinstance(attempt(payload, earlier_failures=allowed - 2)[0], Rescheduled)
    assert isinstance(attempt(payload, earlier_failures=allowed - 1)[0], Failed)


@pytest.mark.parametrize("own", [raising, leaving, "many", object(), float("nan"), float("inf"), [3]])
def test_nonsense_in_max_attempts_is_logged_and_the_workers_limit_counts(own):
    payload = Failing(max_attempts=own)

    outcome, _, wrong = attempt(payload, earlier_failures=1)
    assert isinstance(outcome, Rescheduled)
    assert set(wrong) == {"max_attempts"}
    assert isinstance(attempt(payload, earlier_failures=2)[0], Failed)


@pytest.mark.parametrize(
    ("own", "allowed"),
    [
        (None, 60.0),
        (5, 5.0),
        (0.25, 0.25),
        (timedelta(minutes=0.5), 30.0),
        (lambda: 7, 7.0),
        (61, 60.0),
        (timedelta(days=3), 60.0),
        (float("inf"), 60.0),
        (10**400, 60.0),
        (-5, 0.0),
        (-1e300, 0.0),
        ("12", 12.0),
    ],
)
def test_a_job_is_given_its_own_max_run_time_but_never_more_than_the_workers(own, allowed):
    assert attempt(Failing(max_run_time=own))[1] == allowed


@pytest.mark.parametrize("own", [raising, leaving, "long", object(), float("nan"), [1]])
def test_nonsense_in_max_run_time_is_logged_and_the_workers_limit_counts(own):
    _, seconds, wrong = attempt(Failing(max_run_time=own))

    assert seconds == 60.0
    assert wrong == ["max_run_time"]


def test_a_job_past_its_deadline_is_tried_again_with_that_reason():
    class Late:
        def perform(self) -> None:
            raise MaxRunTimeExceeded("exceeded max_run_time (60 s)")

    outcome = attempt(Late())[0]

    assert isinstance(outcome, Rescheduled)
    assert outcome.report.summary == "MaxRunTimeExceeded: exceeded max_run_time (60 s)"


TOMORROW = NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("asked", "run_at"),
    [
        (TOMORROW, TOMORROW),
        (TOMORROW.astimezone(timezone(timedelta(hours=-7))), TOMORROW),
        (timedelta(hours=2), timedelta(hours=2)),
        (90, timedelta(seconds=90)),
        (0.5, timedelta(seconds=0.5)),
        (-30, timedelta(0)),
        (timedelta.min, timedelta(0)),
        (datetime.max.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_reschedule_at_decides_the_next_try(asked, run_at):
    given: list[tuple[datetime, int]] = []

    def rule(now: datetime, attempts: int) -> object:
        given.append((now, attempts))
        return asked

    outcome, _, wrong = attempt(Failing(reschedule_at=rule), earlier_failures=1)

    assert isinstance(outcome, Rescheduled)
    assert outcome.run_at == run_at
    assert given == [(NOW, 2)], "the raised number of attempts"
    assert not wrong


@pytest.mark.parametrize(
    "asked",
    [NOW.replace(tzinfo=None), "tomorrow", date(2026, 3, 2), float("nan"), float("inf"), 10**400, object(), None],
)
def test_nonsense_from_reschedule_at_is_logged_and_the_ordinary_delay_counts(asked):
    outcome, _, wrong = attempt(Failing(reschedule_at=lambda now, attempts: asked))

    assert isinstance(outcome, Rescheduled)
    assert timedelta(seconds=6) <= outcome.run_at <= timedelta(seconds=6.6)
    assert wrong == ["reschedule_at"]


@pytest.mark.parametrize("rule", [raising, leaving, lambda: 5, "not a rule"])
def test_a_reschedule_at_that_cannot_be_called_or_raises_is_logged_and_the_ordinary_delay_counts(rule):
    outcome, _, wrong = attempt(Failing(reschedule_at=rule))

    assert isinstance(outcome, Rescheduled)
    assert isinstance(outcome.run_at, timedelta)
    assert wrong == ["reschedule_at"]
