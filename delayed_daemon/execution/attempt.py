"""One attempt as a pipeline whose end is an outcome."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from delayed_daemon.errors import DeserializationError, UnknownJobClass
from delayed_daemon.execution import members
from delayed_daemon.execution.awaiting import run_to_end
from delayed_daemon.execution.caught import caught
from delayed_daemon.execution.report import report, report_text
from delayed_daemon.job import Job
from delayed_daemon.outcome import COMPLETED, ErrorReport, Failed, Held, Outcome, Rescheduled
from delayed_daemon.retry import retry_delay

log = structlog.get_logger()

_NEVER_NS = 1 << 62
"""A deadline for who has none: inline, nobody's time is bounded."""


class Alarm(Protocol):
    """Raises MaxRunTimeExceeded in the body once the monotonic clock is past the deadline."""

    def armed(self, deadline_ns: int, limit_seconds: float) -> AbstractContextManager[None]: ...

    def restore(self) -> list[str]: ...


class Attempts:
    """Makes attempts under one set of limits.

    ``load`` turns a handler into a payload, ``now`` tells the database's time. Of ``make``'s
    arguments, ``job.attempts`` counts earlier failures, and ``begin`` takes the job in hand for
    that many seconds and answers with its deadline (monotonic, ns).
    """

    def __init__(
        self,
        load: Callable[[str], object],
        now: Callable[[], datetime],
        alarm: Alarm,
        *,
        max_attempts: int,
        max_run_time: float,
    ) -> None:
        self._load = load
        self._now = now
        self._alarm = alarm
        self._max_attempts = max_attempts
        self._max_run_time = max_run_time

    def restore(self) -> list[str]:
        """Undo what a job did to the alarm; what it had changed."""
        return self._alarm.restore()

    def make(self, job: Job, begin: Callable[[float], int], expired: str | None = None) -> Outcome:
        """Load the payload, perform it between its hooks, and say what to write to the row.

        Not so for a job that has ``expired``, at that moment: then it fails, and its ``failure`` hook runs.
        """
        too_late = report_text(f"expired at {expired}: it was not started by then") if expired is not None else None
        try:
            job.payload = self._load(job.handler)
        except DeserializationError as unreadable:
            return _without_payload(unreadable) if too_late is None else Failed(too_late, attempted=False)
        if too_late is not None:
            return replace(self._give_up(job, too_late), attempted=False)
        allowed = self._attempts_of(job)
        if job.attempts >= allowed:
            why = report_text(f"no attempt is left: {job.attempts} made, {allowed} allowed")
            return replace(self._give_up(job, why), attempted=False, earlier=True)
        error = self._perform(job, begin)
        return COMPLETED if error is None else self._after_failure(job, error)

    def make_inline(self, job: Job) -> None:
        """Perform the job where it is enqueued, between the same hooks: what it raises goes on to the caller."""
        job.payload = self._load(job.handler)
        error = self._perform(job, lambda _seconds: _NEVER_NS)
        if error is not None:
            raise error

    def _perform(self, job: Job, begin: Callable[[float], int]) -> BaseException | None:
        """before, perform, success; ``error`` when one of them raised; ``after`` always. The last one raised counts."""
        seconds = self._run_time_of(job)
        deadline_ns = begin(seconds)
        pid = os.getpid()

        def between_hooks() -> None:
            with self._alarm.armed(deadline_ns, seconds):
                members.call_hook("before", job)
                result = job.payload.perform()  # type: ignore[attr-defined]
                if result is not None:
                    run_to_end(result, deadline_ns, seconds)
                _end_if_forked(pid)
                members.call_hook("success", job)

        error = caught(between_hooks)
        _end_if_forked(pid)
        if error is not None:
            error = caught(members.call_hook, "error", job, error) or error
        return caught(members.call_hook, "after", job) or error

    def _after_failure(self, job: Job, error: BaseException) -> Outcome:
        failures = job.attempts + 1
        if failures >= self._attempts_of(job):
            return self._give_up(job, report(error))
        return Rescheduled(report(error), self._next_try(job, failures))

    def _give_up(self, job: Job, why: ErrorReport) -> Failed:
        """Run the ``failure`` hook; what it raises is logged and changes nothing (delayed_job)."""
        raised = caught(members.call_hook, "failure", job)
        if raised is not None:
            log.error("hook.raised", hook="failure", id=job.id, error=report(raised).summary)
        return Failed(why)

    def _next_try(self, job: Job, failures: int) -> datetime | timedelta:
        asked: list[datetime | timedelta | None] = []
        wrong = caught(lambda: asked.append(members.reschedule_at(job.payload, self._now(), failures)))
        if wrong is not None:
            log.error("hook.raised", hook="reschedule_at", id=job.id, error=report(wrong).summary)
        return asked[0] if asked and asked[0] is not None else retry_delay(failures)

    def _attempts_of(self, job: Job) -> int:
        return int(self._limit(job, "max_attempts", members.max_attempts, self._max_attempts))

    def _run_time_of(self, job: Job) -> float:
        return self._limit(job, "max_run_time", members.max_run_time, self._max_run_time)

    def _limit(self, job: Job, name: str, own: Callable[[object, float], float], default: float) -> float:
        """The payload's own limit; one that raises or is no number is logged, and the worker's counts."""
        asked: list[float] = []
        wrong = caught(lambda: asked.append(own(job.payload, default)))
        if wrong is not None:
            log.error("hook.raised", hook=name, id=job.id, error=report(wrong).summary)
        return asked[0] if asked else default


def _without_payload(error: DeserializationError) -> Outcome:
    if isinstance(error, UnknownJobClass):
        return Held(f"unknown class: {error}")
    return Failed(report_text(f"DeserializationError: {error}"))


def _end_if_forked(pid: int) -> None:
    """The job forked and this is its child: the hooks, and all else that follows, are the parent's."""
    if os.getpid() != pid:
        os._exit(0)
