"""One attempt: which hooks run in which order, and what becomes of whatever they raise."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from delayed_daemon.errors import DeserializationError, UnknownJobClass
from delayed_daemon.execution.attempt import Attempts
from delayed_daemon.job import Job
from delayed_daemon.outcome import COMPLETED, Failed, Held, Outcome, Rescheduled

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Unlimited:
    def armed(self, deadline_ns: int, limit_seconds: float) -> AbstractContextManager[None]:
        return nullcontext()


class Recorded:
    """A job that writes down each call, and raises in those it is told to."""

    def __init__(self, **raising: BaseException) -> None:
        self.calls: list[str] = []
        self.given: list[tuple[object, ...]] = []
        self._raising = raising

    def before(self, job: Job) -> None:
        self._note("before", job)

    def perform(self) -> None:
        self._note("perform")

    def success(self, job: Job) -> None:
        self._note("success", job)

    def error(self, job: Job, error: BaseException) -> None:
        self._note("error", job, error)

    def failure(self, job: Job) -> None:
        self._note("failure", job)

    def after(self, job: Job) -> None:
        self._note("after", job)

    def _note(self, name: str, *given: object) -> None:
        self.calls.append(name)
        self.given.append(given)
        if name in self._raising:
            raise self._raising[name]


def attempt(payload: object, *, earlier_failures: int = 0, max_attempts: int = 3) -> Outcome:
    attempts = Attempts(lambda _: payload, lambda: NOW, Unlimited(), max_attempts=max_attempts, max_run_time=60.0)
    return attempts.make(Job(None, id=7, attempts=earlier_failures), lambda _seconds: 0)


def summary(outcome: Outcome) -> str:
    assert isinstance(outcome, Rescheduled | Failed)
    return outcome.report.summary


def errors(*names: str) -> dict[str, BaseException]:
    return {name: ValueError(f"in {name}") for name in names}


def test_a_good_run_calls_before_perform_success_after_with_the_job():
    payload = Recorded()

    assert attempt(payload) is COMPLETED
    assert payload.calls == ["before", "perform", "success", "after"]
    jobs = [given[0] for given in payload.given if given]
    assert [(type(job), job.id, job.payload) for job in jobs] == [(Job, 7, payload)] * 3


@pytest.mark.parametrize(
    ("raising", "calls", "reason"),
    [
        (["perform"], "before perform error after", "in perform"),
        (["before"], "before error after", "in before"),
        (["success"], "before perform success error after", "in success"),
        (["perform", "error"], "before perform error after", "in error"),
        (["before", "error"], "before error after", "in error"),
        (["after"], "before perform success after", "in after"),
        (["perform", "after"], "before perform error after", "in after"),
        (["perform", "error", "after"], "before perform error after", "in after"),
    ],
)
def test_whatever_hook_raises_the_attempt_failed_and_the_last_error_counts(raising, calls, reason):
    payload = Recorded(**errors(*raising))

    outcome = attempt(payload)

    assert isinstance(outcome, Rescheduled)
    assert payload.calls == calls.split()
    assert summary(outcome) == f"ValueError: {reason}"


def test_the_error_hook_is_given_the_exception_itself():
    raised = ValueError("no such mail")
    payload = Recorded(perform=raised)

    attempt(payload)

    assert payload.given[payload.calls.index("error")][1] is raised


def test_the_last_attempt_ends_with_the_failure_hook():
    payload = Recorded(**errors("perform"))

    outcome = attempt(payload, earlier_failures=2)

    assert payload.calls == ["before", "perform", "error", "after", "failure"]
    assert isinstance(outcome, Failed)
    assert summary(outcome) == "ValueError: in perform"


def test_with_one_failure_fewer_there_is_another_attempt():
    payload = Recorded(**errors("perform"))

    assert isinstance(attempt(payload, earlier_failures=1), Rescheduled)
    assert "failure" not in payload.calls


def test_an_error_in_the_failure_hook_is_logged_and_the_job_still_fails_for_its_own_reason():
    with structlog.testing.capture_logs() as logged:
        outcome = attempt(Recorded(**errors("perform", "failure")), earlier_failures=2)

    assert isinstance(outcome, Failed)
    assert summary(outcome) == "ValueError: in perform"
    assert [(line["event"], line["hook"], line["id"]) for line in logged] == [("hook.raised", "failure", 7)]


def test_a_job_whose_attempts_were_used_up_by_crashes_is_failed_without_running():
    payload = Recorded()

    outcome = attempt(payload, earlier_failures=3)

    assert payload.calls == ["failure"]
    assert isinstance(outcome, Failed)
    assert summary(outcome) == "no attempt is left: 3 made, 3 allowed"


@pytest.mark.parametrize(
    "raised",
    [
        SystemExit(3),
        KeyboardInterrupt(),
        GeneratorExit(),
        StopIteration(),
        asyncio.CancelledError(),
        MemoryError(),
        RecursionError(),
        BaseException("raw"),
        BaseExceptionGroup("several", [KeyboardInterrupt(), ValueError()]),
    ],
    ids=lambda raised: type(raised).__name__,
)
@pytest.mark.parametrize("where", ["before", "perform", "success", "error", "after", "failure"])
def test_nothing_that_can_be_raised_gets_out(where, raised):
    also = {"perform": ValueError("in perform")} if where in ("error", "failure") else {}
    payload = Recorded(**also, **{where: raised})

    with structlog.testing.capture_logs():
        outcome = attempt(payload, max_attempts=1)

    assert isinstance(outcome, Failed)
    assert payload.calls[-1] == "failure"
    expected = "ValueError" if where == "failure" else type(raised).__name__
    assert summary(outcome).startswith(expected)


def test_a_job_that_recurses_without_end_fails_and_leaves_room_for_the_next():
    class Endless:
        def perform(self) -> None:
            self.perform()

    assert summary(attempt(Endless())).startswith("RecursionError")
    assert attempt(Recorded()) is COMPLETED


class NoArguments(Recorded):
    """Hooks that do not want to know the job."""

    def before(self) -> None:  # type: ignore[override]
        self._note("before")

    def error(self, job: Job) -> None:  # type: ignore[override]
        self._note("error", job)

    def after(self, *everything: object) -> None:
        self._note("after", *everything)

    def failure(self, job: Job, how: str = "badly") -> None:
        self._note("failure", job, how)


def test_hooks_are_given_as_many_arguments_as_they_take():
    payload = NoArguments(**errors("perform"))

    attempt(payload, max_attempts=1)

    assert payload.calls == ["before", "perform", "error", "after", "failure"]
    assert [len(given) for given in payload.given] == [0, 0, 1, 1, 2]
    assert payload.given[-1][1] == "badly"


def test_hooks_may_be_static_class_methods_or_functions_of_the_object():
    seen: list[str] = []

    class Mixed:
        @staticmethod
        def before(job: Job) -> None:
            seen.append(f"before {job.id}")

        @classmethod
        def success(cls, job: Job) -> None:
            seen.append(f"success {job.id}")

        def __init__(self) -> None:
            self.after = lambda: seen.append("after")

        def perform(self) -> None:
            seen.append("perform")

    assert attempt(Mixed()) is COMPLETED
    assert seen == ["before 7", "perform", "success 7", "after"]


def test_a_field_that_has_the_name_of_a_hook_is_no_hook():
    class Reminder:
        after = "2026-01-01"
        before = None
        error = "none so far"

        def perform(self) -> None: ...

    assert attempt(Reminder()) is COMPLETED


def test_a_hook_of_a_base_class_and_a_property_that_raises_count_like_any_other():
    class Broken(Recorded):
        @property
        def success(self) -> Any:  # type: ignore[override]
            raise LookupError("no success here")

    assert summary(attempt(Broken())) == "LookupError: no success here"


def test_a_handler_that_cannot_be_read_is_failed_at_once():
    def load(_: str) -> object:
        raise DeserializationError("not a handler: more than 1 document")

    outcome = attempts_of(load).make(Job(None, id=7), never_begun)

    assert isinstance(outcome, Failed)
    assert summary(outcome) == "DeserializationError: not a handler: more than 1 document"


def test_a_class_that_is_not_deployed_here_holds_the_job():
    def load(_: str) -> object:
        raise UnknownJobClass("shop.jobs.Mail", "module shop.jobs has no such class or function")

    outcome = attempts_of(load).make(Job(None, id=7), never_begun)

    assert outcome == Held("unknown class: shop.jobs.Mail: module shop.jobs has no such class or function")


def attempts_of(load) -> Attempts:
    return Attempts(load, lambda: NOW, Unlimited(), max_attempts=25, max_run_time=60.0)


def never_begun(_seconds: float) -> int:
    raise AssertionError("a job that cannot be loaded is not begun")


def test_an_expired_job_is_not_performed_and_its_failure_hook_runs_once():
    payload = Recorded(**errors("failure"))
    attempts = Attempts(lambda _: payload, lambda: NOW, Unlimited(), max_attempts=1, max_run_time=60.0)
    outcome = attempts.make(Job(None, id=7, attempts=5), lambda _seconds: 0, expired="2026-01-01 00:00:00+00")
    assert payload.calls == ["failure"]
    assert isinstance(outcome, Failed)
    assert (outcome.attempted, outcome.earlier) == (False, False)
    assert summary(outcome) == "expired at 2026-01-01 00:00:00+00: it was not started by then"


@pytest.mark.parametrize("error", [UnknownJobClass("shop.Gone", "not here"), DeserializationError("no YAML")])
def test_an_expired_job_that_cannot_be_read_fails_for_having_expired(error):
    def load(_: str) -> object:
        raise error

    attempts = Attempts(load, lambda: NOW, Unlimited(), max_attempts=1, max_run_time=60.0)
    outcome = attempts.make(Job(None, id=7), lambda _seconds: 0, expired="yesterday")
    assert isinstance(outcome, Failed)
    assert summary(outcome).startswith("expired at yesterday")
