"""A job in the application's hands: what ``enqueue`` returns, what hooks are given, what ``Job.find`` finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Literal, Self

import psycopg

from delayed_daemon import job as vocabulary
from delayed_daemon.client.answers import Steps, answered, awaited, wake_for
from delayed_daemon.client.configuration import configuration
from delayed_daemon.client.connections import AnyConnection
from delayed_daemon.client.moments import When, moment
from delayed_daemon.errors import JobNotFound, WrongState
from delayed_daemon.store.enqueue import Request
from delayed_daemon.store.handles import (
    cancel_if_waiting_request,
    find_request,
    job_row,
    reschedule_if_waiting_request,
    retry_if_failed_request,
)
from delayed_daemon.store.moments import from_epoch

State = Literal["ready", "scheduled", "locked", "failed", "held", "gone"]
Synchronous = psycopg.Connection[Any] | None
Asynchronous = psycopg.AsyncConnection[Any] | None

_WAITING: tuple[State, ...] = ("ready", "scheduled", "held")
_TRIES = 3
_IDS = range(-(2**63), 2**63)


class Job(vocabulary.Job):
    """One job. Its attributes are what its row had when it was last looked at; `reload` looks again.

    ``state`` is ready, scheduled, locked, failed, held, or gone: a job that was performed has no row. ``attempts``
    counts failures, ``errors`` has the last ten (attempt, at, error), times are aware datetimes. ``payload`` is
    there where the job is enqueued or performed, and None in a job that was found.

    Each method is one statement that checks the state itself. With ``connection`` it joins the caller's
    transaction, which is neither committed nor rolled back here. Each has a twin, named with an ``a``, that is
    awaited and takes a psycopg AsyncConnection.
    """

    # Whoever makes one out of a claimed row sets nothing of this: it is locked.
    state: State = "locked"
    crashes: int = 0
    last_error: str | None = None
    errors: Sequence[Mapping[str, Any]] = ()
    locked_by: str | None = None
    held_reason: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    locked_at: datetime | None = None
    failed_at: datetime | None = None
    held_until: datetime | None = None

    @classmethod
    def find(cls, id: int, *, connection: Synchronous = None) -> Self:
        """The job with this id; `JobNotFound` when it has no row, or no longer."""
        return answered(cls._find(id), connection)

    def reload(self, *, connection: Synchronous = None) -> Self:
        """Take the attributes from the row as it is now; without a row, the state is gone."""
        return answered(self._reload(), connection)

    def reschedule(self, run_at: When, *, connection: Synchronous = None) -> Self:
        """Move a job that waits to another time, an aware datetime, a timedelta or seconds from now; a hold ends.

        `WrongState` when it is locked, has failed or is gone.
        """
        return answered(self._reschedule(run_at, connection), connection)

    def cancel(self, *, connection: Synchronous = None) -> bool:
        """Delete a job that waits. False when it does not, or no longer: ``state`` says how it stands."""
        return answered(self._cancel(), connection)

    def retry(self, *, connection: Synchronous = None) -> Self:
        """Make a failed job ready again, with all its attempts; the history of its errors stays.

        `WrongState` when it has not failed.
        """
        return answered(self._retry(connection), connection)

    @classmethod
    async def afind(cls, id: int, *, connection: Asynchronous = None) -> Self:
        return await awaited(cls._find(id), connection)

    async def areload(self, *, connection: Asynchronous = None) -> Self:
        return await awaited(self._reload(), connection)

    async def areschedule(self, run_at: When, *, connection: Asynchronous = None) -> Self:
        return await awaited(self._reschedule(run_at, connection), connection)

    async def acancel(self, *, connection: Asynchronous = None) -> bool:
        return await awaited(self._cancel(), connection)

    async def aretry(self, *, connection: Asynchronous = None) -> Self:
        return await awaited(self._retry(connection), connection)

    @classmethod
    def _find(cls, id: int) -> Steps[Self]:
        if not isinstance(id, int) or id not in _IDS:
            raise JobNotFound(f"{id!r} is not the id of a job")
        job = yield from cls(None, id=id)._reload()
        if job.state == "gone":
            raise JobNotFound(f"there is no job {id}: it was performed, or deleted, or never there")
        return job

    def _reload(self) -> Steps[Self]:
        if self.id is None:
            self.state = "gone"
            return self
        rows = yield find_request(configuration.current.schema, self.id)
        if rows:
            for name, value in job_row(rows[0])._asdict().items():
                setattr(self, name, value)
        else:
            self.state = "gone"
        return self

    def _cancel(self) -> Steps[bool]:
        if self.id is not None and (yield cancel_if_waiting_request(configuration.current.schema, self.id)):
            self.state = "gone"
            return True
        yield from self._reload()
        return False

    def _reschedule(self, run_at: When, connection: AnyConnection | None) -> Steps[Self]:
        at, delay = moment("run_at", run_at)
        request = partial(reschedule_if_waiting_request, run_at=at, delay=delay, wake=wake_for(connection))
        yield from self._change(request, _WAITING, "only one that waits (ready, scheduled or held) can be rescheduled")
        return self

    def _retry(self, connection: AnyConnection | None) -> Steps[Self]:
        request = partial(retry_if_failed_request, wake=wake_for(connection))
        yield from self._change(request, ("failed",), "only one that has failed can be retried")
        self.failed_at = None
        self.attempts = self.crashes = 0
        return self

    def _change(self, request: Callable[[str, int], Request], allowed: Sequence[State], otherwise: str) -> Steps[None]:
        """Asked again when the state is as it should be by now: whoever had the job in between gave it back."""
        for _ in range(_TRIES):
            if self.id is not None and (rows := (yield request(configuration.current.schema, self.id))):
                [(run_at, self.state)] = rows
                self.run_at, self.held_until, self.held_reason = from_epoch(run_at), None, None
                return
            yield from self._reload()
            if self.state not in allowed:
                break
        raise WrongState(f"job {self.id} is {self.state}: {otherwise}", self.state)
