"""The optional members of a job: hooks and limits, with delayed_job's names and meanings."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from delayed_daemon.errors import InvalidJob
from delayed_daemon.execution.awaiting import run_to_end
from delayed_daemon.execution.caught import caught
from delayed_daemon.job import Job, name_in

_LONGEST_NAME = 200


def call_hook(name: str, job: Job, *arguments: object) -> None:
    """Call the payload's hook with the job (``error`` with the exception, too), or as many arguments as it takes.

    What it returns is awaited, when it can be; RuntimeError when that would be inside of a running event loop.
    """
    hook = getattr(job.payload, name, None)
    if callable(hook):  # a field of that name is no hook
        given = (job, *arguments)
        result = hook(*given[: _takes(hook, len(given))])
        if result is not None:
            run_to_end(result)


def display_name(job: Job) -> str:
    """The job's name for a log line; the one in its handler when the payload's own cannot be had."""
    said: list[str] = []
    caught(lambda: said.append(job.name[:_LONGEST_NAME]))
    return said[0] if said else name_in(job.handler)


def setting(payload: object, name: str) -> Any:
    """A setting of the payload, attribute or method; None when it has none."""
    value = getattr(payload, name, None)
    return value() if callable(value) else value


def max_attempts(payload: object, most: float) -> float:
    """The payload's ``max_attempts`` or the worker's; at least one attempt is made."""
    own = setting(payload, "max_attempts")
    return max(1, int(own)) if own is not None else most


def max_run_time(payload: object, most: float) -> float:
    """Seconds: the payload's ``max_run_time`` (a number or timedelta), never above the worker's."""
    own = setting(payload, "max_run_time")
    if own is None:
        return most
    seconds = own.total_seconds() if isinstance(own, timedelta) else float(own)
    if math.isnan(seconds):
        raise InvalidJob("max_run_time is not a number")
    return max(0.0, min(seconds, most))


def reschedule_at(payload: object, now: datetime, attempts: int) -> datetime | timedelta | None:
    """The payload's rule for the next try: an aware datetime, a timedelta or seconds from now; None without one."""
    rule: Callable[..., object] | None = getattr(payload, "reschedule_at", None)
    if rule is None:
        return None
    when = rule(now, attempts)
    if isinstance(when, int | float):
        when = timedelta(seconds=when)
    if isinstance(when, timedelta):
        return max(when, timedelta(0))
    if isinstance(when, datetime) and when.utcoffset() is not None:
        return when.astimezone(UTC)  # OverflowError at the ends of the calendar, which PostgreSQL could not read
    raise InvalidJob(f"reschedule_at must give an aware datetime, a timedelta or seconds, not {when!r}")


def _takes(hook: Callable[..., object], most: int) -> int:
    function = getattr(hook, "__func__", hook)
    try:
        return _positional(function, most + (function is not hook)) - (function is not hook)
    except TypeError:
        return most


@lru_cache(maxsize=1024)
def _positional(function: Callable[..., object], most: int) -> int:
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        return most
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return most
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return min(most, sum(parameter.kind in kinds for parameter in parameters))
