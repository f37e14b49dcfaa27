"""The statements of workers and of the producing side: enqueue, claim, and every way a claim ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import psycopg

from delayed_daemon.outcome import ErrorReport
from delayed_daemon.store.connection import Connection
from delayed_daemon.store.enqueue import NewJob, Wake, enqueue_many_request, enqueue_request
from delayed_daemon.store.failures import Remedy, classify
from delayed_daemon.store.moments import delay_seconds, timestamp_text
from delayed_daemon.store.reports import write_report
from delayed_daemon.store.scope import scope_parameters
from delayed_daemon.store.statements import statements

_UNWRITABLE_REASON = "the reason could not be stored"


class ClaimedJob(NamedTuple):
    """A row as its claim returns it. ``attempts`` counts this one; times are texts, as they may be infinite.

    ``expires_in``: so many seconds after the claim, by the database's clock, it is not to be started any more.
    """

    id: int
    attempts: int
    crashes: int
    suspect: bool
    priority: int
    queue: str
    handler: str
    run_at: str
    expires_at: str | None = None
    expires_in: float | None = None


class RefusedDeletion(NamedTuple):
    """A completed job whose row cannot be deleted: a trigger or a foreign key forbids it."""

    id: int
    claim: int
    error: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """How many rows were deleted, and which cannot be. Fewer than given means that claims had been lost."""

    deleted: int
    refused: tuple[RefusedDeletion, ...] = ()


class JobQueue:
    """The jobs of one schema, through one connection that nobody else uses meanwhile.

    A token is the ``locked_by`` of one claim, a worker's prefix plus the claim's number. Every method that
    ends a claim is fenced by id and token, and says whether, or how often, the claim was still held.
    Errors are psycopg's; `classify` says what to do about one.
    """

    def __init__(self, connection: Connection, schema: str, *, wake: Wake = "when_idle") -> None:
        self._connection = connection
        self._schema = schema
        self._wake: Wake = wake
        self._statements = statements(schema)

    def enqueue(self, job: NewJob) -> int:
        """Insert a job; returns its id."""
        request = enqueue_request(self._schema, job, self._wake)
        return int(self._connection.execute(request.statement, request.parameters).fetchall()[0][0])

    def enqueue_many(self, jobs: Sequence[NewJob]) -> list[int]:
        """Insert jobs in one statement; returns their ids in the order given."""
        request = enqueue_many_request(self._schema, jobs, self._wake)
        return [row[0] for row in self._connection.execute(request.statement, request.parameters)]

    def claim(
        self,
        count: int,
        token: str,
        min_priority: int | None = None,
        max_priority: int | None = None,
        queues: Sequence[str] = (),
    ) -> list[ClaimedJob]:
        """Lock up to ``count`` ready jobs, best first; fewer does not mean that there are no more, none does.

        Priorities include both ends; no queues means all.
        """
        request = self._claiming(count, token, min_priority, max_priority, queues)
        return self._claimed(self._connection.execute(*request)) or self._claimed(self._connection.execute(*request))

    def settle(self, finished: Sequence[tuple[int, int]], worker_prefix: str) -> Settlement:
        """Delete completed jobs, pairs of id and claim number of one worker; a row that refuses spares the rest."""
        if not finished:
            return Settlement(0)
        try:
            return Settlement(self._connection.execute(*self._completing(finished, worker_prefix)).rowcount)
        except psycopg.Error as error:
            if classify(error) is not Remedy.BAD_ROW:
                raise
            return self._settle_apart(finished, worker_prefix, error)

    def settle_and_claim(
        self,
        finished: Sequence[tuple[int, int]],
        worker_prefix: str,
        count: int,
        token: str,
        min_priority: int | None = None,
        max_priority: int | None = None,
        queues: Sequence[str] = (),
    ) -> tuple[Settlement, list[ClaimedJob]]:
        """`settle` and `claim` in one round trip and one transaction; apart when a row refuses to be deleted."""
        scope = (min_priority, max_priority, queues)
        if not finished:
            return Settlement(0), self.claim(count, token, *scope)
        try:
            with self._connection.pipeline():
                completed = self._connection.execute(*self._completing(finished, worker_prefix))
                claiming = self._connection.execute(*self._claiming(count, token, *scope))
        except psycopg.Error as error:
            if classify(error) is not Remedy.BAD_ROW:
                raise
            return self.settle(finished, worker_prefix), self.claim(count, token, *scope)
        claimed = self._claimed(claiming) or self._claimed(
            self._connection.execute(*self._claiming(count, token, *scope))
        )
        return Settlement(completed.rowcount), claimed

    def reschedule(self, id: int, token: str, report: ErrorReport, run_at: timedelta | datetime) -> bool:
        """End a failed attempt that another follows, at ``run_at`` or that long from the database's now."""
        parameters = {"id": id, "token": token, **_moment(run_at)}
        return write_report(self._connection, self._statements["reschedule"], parameters, report)

    def fail(self, id: int, token: str, report: ErrorReport, *, attempted: bool = True, earlier: bool = False) -> bool:
        """End a job for good: it stays in the table, failed, with its reason.

        Unless ``attempted``, this attempt was not made and is not counted. ``earlier``: the reason of the last stands.
        """
        parameters = {"id": id, "token": token, "attempted": attempted, "earlier": earlier}
        return write_report(self._connection, self._statements["fail"], parameters, report)

    def hold(self, id: int, token: str, reason: str) -> bool:
        """Put aside, without counting the attempt, a job whose class is not here: a minute, doubling to an hour."""
        parameters = {"id": id, "token": token, "reason": reason}
        try:
            return self._connection.execute(self._statements["hold"], parameters).rowcount == 1
        except (psycopg.Error, UnicodeError) as error:
            if classify(error) is not Remedy.BAD_ROW:
                raise
        constant = {**parameters, "reason": _UNWRITABLE_REASON}
        return self._connection.execute(self._statements["hold"], constant).rowcount == 1

    def release(self, claims: Iterable[tuple[int, str]], *, suspect: bool = False) -> int:
        """Give back claimed jobs, pairs of id and token, without counting the attempt; returns how many were held.

        ``suspect``: they were in hand, among others, when their worker died, and run alone from now on.
        """
        ordered = sorted(claims)
        if not ordered:
            return 0
        parameters = {
            "ids": [id for id, _ in ordered],
            "tokens": [token for _, token in ordered],
            "suspect": suspect,
            "wake": self._wake,
            "payload": self._schema,
        }
        return int(self._connection.execute(self._statements["release"], parameters).fetchall()[0][0])

    def _claiming(
        self, count: int, token: str, min_priority: int | None, max_priority: int | None, queues: Sequence[str]
    ) -> tuple[bytes, dict[str, Any]]:
        name = "claim_in_queues" if queues else "claim"
        scope = scope_parameters(min_priority, max_priority, queues)
        return self._statements[name], {"count": count, "token": token, **scope}

    def _completing(self, finished: Sequence[tuple[int, int]], worker_prefix: str) -> tuple[bytes, dict[str, Any]]:
        # In order of id, so that two sessions that lock the same rows never wait for each other in a circle.
        ordered = sorted(finished)
        parameters = {
            "ids": [id for id, _ in ordered],
            "claims": [claim for _, claim in ordered],
            "worker": worker_prefix,
        }
        return self._statements["complete"], parameters

    def _settle_apart(
        self, finished: Sequence[tuple[int, int]], worker_prefix: str, error: psycopg.Error
    ) -> Settlement:
        if len(finished) == 1:
            return Settlement(0, (RefusedDeletion(*finished[0], str(error)),))
        middle = len(finished) // 2
        halves = [self.settle(half, worker_prefix) for half in (finished[:middle], finished[middle:])]
        return Settlement(halves[0].deleted + halves[1].deleted, halves[0].refused + halves[1].refused)

    @staticmethod
    def _claimed(cursor: psycopg.Cursor[tuple[Any, ...]]) -> list[ClaimedJob]:
        return list(map(ClaimedJob._make, cursor.fetchall()))


def _moment(run_at: timedelta | datetime) -> dict[str, Any]:
    if isinstance(run_at, datetime):
        return {"run_at": timestamp_text(run_at), "delay": 0.0}
    return {"run_at": None, "delay": delay_seconds(run_at)}
