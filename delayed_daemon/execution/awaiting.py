"""What a job or hook leaves to be awaited, run to its end in an event loop of its own."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import AsyncGenerator, Awaitable, Coroutine, Generator

from delayed_daemon.errors import MaxRunTimeExceeded
from delayed_daemon.host.clock import monotonic_ns

_AFTER_THE_ALARM_NS = 50_000_000
"""The alarm comes first: it stops code that never gives the loop a chance, and leaves the better traceback."""


def run_to_end(result: object, deadline_ns: int | None = None, limit_seconds: float = 0.0) -> None:
    """Await the result, if it is to be awaited; then cancel the tasks that are left, and close the loop.

    At the deadline (monotonic) the alarm raises MaxRunTimeExceeded wherever the code is just then, in a task beside
    or a callback perhaps, which keep it to themselves; so a timer of the loop follows that cancels all the same.
    Raises what was awaited raises; TypeError for a generator, of which nothing has run; RuntimeError in a loop.
    """
    if inspect.isawaitable(result):
        _refuse_inside_of_a_loop(result)
        with asyncio.Runner() as runner:
            _Awaiting(result, deadline_ns, limit_seconds).run(runner)
    elif isinstance(result, Generator | AsyncGenerator):
        raise TypeError(f"{result!r:.200} was returned, of which nothing has run: yield makes no job")


class _Awaiting:
    """One awaitable on its way."""

    def __init__(self, awaitable: Awaitable[object], deadline_ns: int | None, limit_seconds: float) -> None:
        self._awaitable = awaitable
        self._deadline_ns = deadline_ns
        self._limit_seconds = limit_seconds
        self._expired = False
        self._pid = os.getpid()

    def run(self, runner: asyncio.Runner) -> None:
        try:
            runner.run(self._await())
        except BaseException as error:
            if not isinstance(error, MaxRunTimeExceeded) and (self._expired or _was_exceeded(error)):
                raise MaxRunTimeExceeded(f"exceeded max_run_time ({self._limit_seconds:g} s)") from error
            raise

    async def _await(self) -> None:
        task = asyncio.current_task()
        if self._deadline_ns is not None and task is not None:
            seconds = (self._deadline_ns + _AFTER_THE_ALARM_NS - monotonic_ns()) / 1e9
            asyncio.get_running_loop().call_later(seconds, self._expire, task)
        try:
            await self._awaitable
        finally:
            if os.getpid() != self._pid:
                os._exit(0)  # the job forked: its child must not close the loop, whose selector is the parent's

    def _expire(self, task: asyncio.Task[None]) -> None:
        self._expired = True
        task.cancel()


def _refuse_inside_of_a_loop(awaitable: Awaitable[object]) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    if isinstance(awaitable, Coroutine):
        awaitable.close()
    raise RuntimeError("it would have to be awaited inside of a running event loop: make it an ordinary method")


def _was_exceeded(error: BaseException) -> bool:
    """A group of a TaskGroup has it among others."""
    return isinstance(error, BaseExceptionGroup) and error.subgroup(MaxRunTimeExceeded) is not None
