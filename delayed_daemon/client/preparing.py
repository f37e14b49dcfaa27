"""An object and the options given with it become a job and its row."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from delayed_daemon.client.configuration import configuration
from delayed_daemon.client.handle import Job
from delayed_daemon.client.moments import When, is_later, moment
from delayed_daemon.errors import InvalidJob
from delayed_daemon.execution import members
from delayed_daemon.job import QUEUE_NAME
from delayed_daemon.payload import dump
from delayed_daemon.store.enqueue import NewJob

Priority = int | str

_QUEUE = re.compile(QUEUE_NAME)
_PRIORITIES = range(-(2**31), 2**31)


class Options(NamedTuple):
    """What `enqueue` is given beside the object; None where the object, or else the configuration, decides."""

    priority: Priority | None = None
    run_at: When | None = None
    queue: str | None = None


def prepare(payload: object, options: Options) -> tuple[Job, NewJob]:
    """Settle the options, run the ``enqueue`` hook (whose error stops the enqueuing), and write the handler."""
    config = configuration.current
    at, delay = moment(options.run_at)
    queue = _first_given(options.queue, members.setting(payload, "queue_name"), config.default_queue)
    of_queue = dict(config.queue_attributes).get(queue)
    job = Job(
        payload,
        queue=queue,
        priority=number_of(
            _first_given(options.priority, members.setting(payload, "priority"), of_queue, config.default_priority)
        ),
        run_at=at,
        handler=dump(payload),
    )
    if getattr(payload, "enqueue", None) is not None:
        members.call_hook("enqueue", job)
        job.priority = number_of(job.priority)
        job.handler = dump(payload)
    if job.run_at is not at:
        at, delay = moment(job.run_at)
    _check(job)
    job.state = "scheduled" if is_later(at, delay) else "ready"
    return job, NewJob(job.handler, job.queue, job.priority, at, delay)


def prepare_many(payloads: Iterable[object], options: Options) -> list[tuple[Job, NewJob]]:
    """As `prepare`, for each of many; an error has a note that says which one it is about."""
    prepared = []
    for index, payload in enumerate(payloads):
        try:
            prepared.append(prepare(payload, options))
        except Exception as error:
            error.add_note(f"enqueue_many: item {index}; nothing was enqueued")
            raise
    return prepared


def number_of(priority: Priority) -> int:
    """The number of a named priority, or the number itself. `InvalidJob` when nothing has that name."""
    if not isinstance(priority, str):
        return priority
    named = dict(configuration.current.priorities)
    if priority not in named:
        known = f"; there are {', '.join(named)}" if named else ": none are configured (priorities)"
        raise InvalidJob(f"priority: nothing is named {priority!r}{known}")
    return named[priority]


def _first_given(*values: Any) -> Any:
    return next(value for value in values if value is not None)


def _check(job: Job) -> None:
    if not isinstance(job.queue, str) or not _QUEUE.fullmatch(job.queue):
        raise InvalidJob(
            f"queue: {job.queue!r} is not 1 to 100 characters without comma, white space and control characters"
        )
    if not isinstance(job.priority, int) or isinstance(job.priority, bool) or job.priority not in _PRIORITIES:
        raise InvalidJob(f"priority: {job.priority!r} is not a whole number of 32 bits")
