"""An object and the options given with it become a job and its row."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

from delayed_daemon.client.configuration import configuration
from delayed_daemon.client.handle import Job
from delayed_daemon.client.moments import When, is_later, moment
from delayed_daemon.errors import InvalidJob
from delayed_daemon.execution import members
from delayed_daemon.job import QUEUE_NAME
from delayed_daemon.payload import dump
from delayed_daemon.store.enqueue import NewJob

Priority = int | str
Moments = tuple[datetime | None, float | None, datetime | None, float | None]
"""When to run and when to expire, each as a time or as seconds from the database's now; see `NewJob`."""
NEVER = (None, None)
"""The second half of the moments of a job that does not expire."""

_QUEUE = re.compile(QUEUE_NAME)
_PRIORITIES = range(-(2**31), 2**31)


class Options(NamedTuple):
    """What `enqueue` is given beside the object; None where the object, or else the configuration, decides."""

    priority: Priority | None = None
    run_at: When | None = None
    queue: str | None = None
    expires_at: When | None = None


class Preparation:
    """Makes jobs of objects under one set of options."""

    def __init__(self, options: Options) -> None:
        config = configuration.current
        self._options = options
        self._default_queue = config.default_queue
        self._default_priority = config.default_priority
        self._of_queues = dict(config.queue_attributes)
        self._moments = _moments(options.run_at, options.expires_at)
        self._found_good: tuple[object, object] = (None, None)

    def job(self, payload: object) -> tuple[Job, Moments]:
        """Settle the options and run the ``enqueue`` hook, whose error stops the enqueuing.

        The handler is written here only where a hook might look at it; `write_handler` does it else.
        """
        queue = self._queue_of(payload)
        moments = self._moments
        job = Job(payload, queue, self._priority_of(payload, queue), moments[0], expires_at=moments[2])
        if getattr(payload, "enqueue", None) is not None:
            moments = self._ask_hook(job)
        if (job.queue, job.priority) != self._found_good:
            _check(job)
            self._found_good = (job.queue, job.priority)
        job.state = "scheduled" if is_later(*moments[:2]) else "ready"
        return job, moments

    def _ask_hook(self, job: Job) -> Moments:
        """The moments, as the hook leaves them."""
        run_at, expires_at = job.run_at, job.expires_at
        job.handler = dump(job.payload)
        members.call_hook("enqueue", job)
        job.priority = number_of(job.priority)
        job.handler = dump(job.payload)
        self._found_good = (None, None)
        if job.run_at is run_at and job.expires_at is expires_at:
            return self._moments
        given = self._options
        return _moments(
            given.run_at if job.run_at is run_at else job.run_at,
            given.expires_at if job.expires_at is expires_at else job.expires_at,
        )

    def _queue_of(self, payload: object) -> str:
        if self._options.queue is not None:
            return self._options.queue
        own = members.setting(payload, "queue_name")
        return self._default_queue if own is None else own

    def _priority_of(self, payload: object, queue: str) -> int:
        given = self._options.priority
        if given is None:
            given = members.setting(payload, "priority")
        if given is None:
            given = self._of_queues.get(queue, self._default_priority)
        return number_of(given)


def prepare(payload: object, options: Options) -> tuple[Job, NewJob]:
    """The job and its row. Raises `InvalidJob` or `SerializationError`, naming the option or field."""
    job, moments = Preparation(options).job(payload)
    write_handler(job)
    return job, NewJob(job.handler, job.queue, job.priority, *moments)


def write_handler(job: Job) -> None:
    """Unless it is written already. Runs no code of the payload's."""
    if not job.handler:
        job.handler = dump(job.payload)


def number_of(priority: Priority) -> int:
    """The number of a named priority, or the number itself. `InvalidJob` when nothing has that name."""
    if not isinstance(priority, str):
        return priority
    named = dict(configuration.current.priorities)
    if priority not in named:
        known = f"; there are {', '.join(named)}" if named else ": none are configured (priorities)"
        raise InvalidJob(f"priority: nothing is named {priority!r}{known}")
    return named[priority]


def _moments(run_at: When | None, expires_at: When | None) -> Moments:
    moments = (*moment("run_at", run_at), *moment("expires_at", expires_at))
    _refuse_early_expiry(moments)
    return moments


def _refuse_early_expiry(moments: Moments) -> None:
    """Two times, or two waits, are compared as they are; one of each by this host's clock, near enough for mistakes."""
    run_at, delay, expires_at, expires_in = moments
    if expires_at is None and expires_in is None:
        return
    if run_at is None and expires_at is None:
        early = (expires_in or 0.0) < (delay or 0.0)
    else:
        now = datetime.now(UTC)
        early = _point(expires_at, expires_in, now) < _point(run_at, delay, now)
    if early:
        raise InvalidJob(f"expires_at: {_told(expires_at, expires_in)} is before run_at, {_told(run_at, delay)}")


def _point(at: datetime | None, delay: float | None, now: datetime) -> float:
    """Seconds from ``now``."""
    return (at - now).total_seconds() if at is not None else delay or 0.0


def _told(at: datetime | None, delay: float | None) -> str:
    if at is not None:
        return at.isoformat()
    return f"{delay:g} s from now" if delay else "now"


def _check(job: Job) -> None:
    if not isinstance(job.queue, str) or not _QUEUE.fullmatch(job.queue):
        raise InvalidJob(
            f"queue: {job.queue!r} is not 1 to 100 characters without comma, white space and control characters"
        )
    if not isinstance(job.priority, int) or isinstance(job.priority, bool) or job.priority not in _PRIORITIES:
        raise InvalidJob(f"priority: {job.priority!r} is not a whole number of 32 bits")
