"""``async def perform``: run to its end in a loop that leaves nothing behind, and ended at its deadline."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Awaitable, Callable, Generator, Iterator
from typing import Any

import pytest

from delayed_daemon.errors import MaxRunTimeExceeded
from delayed_daemon.execution import attempt as attempt_module
from delayed_daemon.execution import members
from delayed_daemon.execution.attempt import Attempts
from delayed_daemon.execution.awaiting import run_to_end
from delayed_daemon.execution.deadline import Deadline
from delayed_daemon.job import Job
from delayed_daemon.outcome import COMPLETED, Outcome, Rescheduled
from delayed_daemon.payload import PerformableMethod
from tests.unit.test_attempt import NOW, Unlimited, errors, summary
from tests.unit.test_deadline import deadline, late  # noqa: F401 - a fixture

SECONDS = 0.1
Work = Callable[[list[str]], Awaitable[Any]]


class Asynchronous:
    def __init__(self, work: Work) -> None:
        self.work = work
        self.calls: list[str] = []

    async def perform(self) -> None:
        try:
            await self.work(self.calls)
        finally:
            self.calls.append("left")


class Recorded:
    """A job all of whose members are coroutine functions."""

    def __init__(self, **raising: BaseException) -> None:
        self.calls: list[str] = []
        self._raising = raising

    async def before(self, job: Job) -> None:
        await self._note("before")

    async def perform(self) -> str:
        await self._note("perform")
        return "a result, which nobody keeps"

    async def success(self) -> None:
        await self._note("success")

    async def error(self, job: Job, error: BaseException) -> None:
        await self._note(f"error {error}")

    async def after(self, job: Job) -> None:
        await self._note("after")

    async def failure(self, job: Job) -> None:
        await self._note("failure")

    async def enqueue(self, job: Job) -> None:
        await self._note("enqueue")

    async def _note(self, call: str) -> None:
        await asyncio.sleep(0)
        self.calls.append(call)
        if call in self._raising:
            raise self._raising[call]


def attempt(payload: object, *, earlier_failures: int = 0) -> Outcome:
    attempts = Attempts(lambda _: payload, lambda: NOW, Unlimited(), max_attempts=3, max_run_time=60.0)
    return attempts.make(Job(None, id=7, attempts=earlier_failures), lambda _seconds: late())


@pytest.fixture
def performed(deadline: Deadline) -> Iterator[Callable[[Work], tuple[Outcome, list[str]]]]:  # noqa: F811
    """Performs some work as a job that may take 0.1 s; the outcome, and what the work noted."""

    def perform(work: Work) -> tuple[Outcome, list[str]]:
        payload = Asynchronous(work)
        attempts = Attempts(lambda _: payload, lambda: NOW, deadline, max_attempts=3, max_run_time=SECONDS)
        outcome = attempts.make(Job(None, id=7), lambda seconds: time.monotonic_ns() + int(seconds * 1e9))
        return outcome, payload.calls

    yield perform
    gc.collect()


def test_a_job_of_coroutines_runs_with_its_hooks_in_order() -> None:
    payload = Recorded()
    assert attempt(payload) is COMPLETED
    assert payload.calls == ["before", "perform", "success", "after"]


def test_what_a_coroutine_raises_fails_the_attempt() -> None:
    payload = Recorded(**errors("perform"))
    outcome = attempt(payload, earlier_failures=2)
    assert summary(outcome) == "ValueError: in perform"
    assert payload.calls == ["before", "perform", "error in perform", "after", "failure"]


@pytest.mark.parametrize("raised", [SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError(), BaseException("x")])
def test_nothing_that_a_coroutine_raises_goes_further(raised: BaseException) -> None:
    outcome = attempt(Recorded(perform=raised))
    assert isinstance(outcome, Rescheduled)
    assert summary(outcome).startswith(type(raised).__name__)


def test_whatever_can_be_awaited_is() -> None:
    done = []

    class Promise:
        def __await__(self) -> Generator[Any, None, None]:
            yield from asyncio.sleep(0).__await__()
            done.append("promise")

    class Promising:
        def perform(self) -> Promise:
            return Promise()

    assert (attempt(Promising()), done) == (COMPLETED, ["promise"])


async def greet(names: list[str]) -> None:
    await asyncio.sleep(0)
    names.append("greeted")


def test_a_coroutine_function_can_be_called_later() -> None:
    names: list[str] = []
    assert attempt(PerformableMethod(greet, None, [names])) is COMPLETED
    assert names == ["greeted"]


def test_tasks_that_are_left_are_cancelled_and_the_loop_is_closed() -> None:
    seen: list[Any] = []

    async def forgotten() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def work(calls: list[str]) -> None:
        seen.extend([asyncio.get_running_loop(), asyncio.create_task(forgotten())])
        await asyncio.sleep(0)

    assert attempt(Asynchronous(work)) is COMPLETED
    loop, task, *rest = seen
    assert (loop.is_closed(), task.cancelled(), rest) == (True, True, ["cancelled"])
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()


def test_threads_of_the_loop_end_with_it() -> None:
    before = threading.active_count()

    async def work(calls: list[str]) -> None:
        await asyncio.gather(*(asyncio.to_thread(calls.append, "x") for _ in range(3)))

    payload = Asynchronous(work)
    assert attempt(payload) is COMPLETED
    assert (payload.calls, threading.active_count()) == (["x", "x", "x", "left"], before)


def busy() -> None:
    while True:
        pass


async def waits(calls: list[str]) -> None:
    await asyncio.Event().wait()


async def computes(calls: list[str]) -> None:
    await asyncio.sleep(0)
    busy()


async def waits_while_a_task_computes(calls: list[str]) -> None:
    task = asyncio.create_task(computes(calls))
    try:
        await asyncio.Event().wait()
    finally:
        calls.append(type(task.exception()).__name__)


async def waits_while_a_callback_computes(calls: list[str]) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: calls.append(type(context["exception"]).__name__))
    loop.call_soon(busy)
    await asyncio.Event().wait()


async def gathers(calls: list[str]) -> None:
    await asyncio.gather(computes(calls), return_exceptions=True)
    await asyncio.Event().wait()


async def groups(calls: list[str]) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(computes(calls))
        group.create_task(waits(calls))


async def tidies_up(calls: list[str]) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0.01)
        calls.append("tidied up")


@pytest.mark.parametrize(
    ("work", "calls"),
    [
        (waits, ["left"]),
        (computes, ["left"]),
        (waits_while_a_task_computes, ["MaxRunTimeExceeded", "left"]),
        (waits_while_a_callback_computes, ["MaxRunTimeExceeded", "left"]),
        (gathers, ["left"]),
        (groups, ["left"]),
        (tidies_up, ["tidied up", "left"]),
    ],
)
def test_at_the_deadline_it_ends_wherever_it_is(performed, work: Work, calls: list[str]) -> None:
    outcome, noted = performed(work)
    assert summary(outcome) == f"MaxRunTimeExceeded: exceeded max_run_time ({SECONDS:g} s)"
    assert noted == calls


def test_after_a_deadline_the_next_job_runs_as_ever(performed) -> None:
    performed(waits)

    async def work(calls: list[str]) -> None:
        await asyncio.sleep(0.01)

    assert performed(work) == (COMPLETED, ["left"])


def test_a_generator_is_no_job_because_nothing_of_it_has_run() -> None:
    class Yields:
        def perform(self) -> Generator[int, None, None]:
            yield 1

    class YieldsLater:
        async def perform(self) -> Any:
            yield 1

    for payload in (Yields(), YieldsLater()):
        assert "nothing has run" in summary(attempt(payload))


def test_an_async_enqueue_hook_runs_outside_of_a_loop_and_is_refused_inside() -> None:
    payload = Recorded()
    members.call_hook("enqueue", Job(payload))
    assert payload.calls == ["enqueue"]

    async def inside() -> None:
        with pytest.raises(RuntimeError, match="make it an ordinary method"):
            members.call_hook("enqueue", Job(payload))

    asyncio.run(inside())
    assert payload.calls == ["enqueue"]


def test_an_ordinary_job_never_comes_near_a_loop(monkeypatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(attempt_module, "run_to_end", never)
    monkeypatch.setattr(members, "run_to_end", never)

    class Ordinary:
        def perform(self) -> None: ...
        def before(self) -> None: ...

    assert attempt(Ordinary()) is COMPLETED


def test_the_deadline_is_the_one_that_was_begun_with(performed) -> None:
    started = time.monotonic()
    with pytest.raises(MaxRunTimeExceeded):
        run_to_end(waits([]), time.monotonic_ns() + 50_000_000, 0.05)
    assert time.monotonic() - started >= 0.05
