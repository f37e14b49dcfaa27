"""The worker's bookkeeping connection: opened after the fork, opened again for as long as it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import psycopg
import structlog

from delayed_daemon.backoff import Backoff
from delayed_daemon.store.connection import Connection
from delayed_daemon.store.failures import Remedy, classify
from delayed_daemon.store.queue import JobQueue
from delayed_daemon.worker.watch import Watch

log = structlog.get_logger()

Result = TypeVar("Result")


class Unwritten(Exception):
    """The worker is to leave, and the database does not answer: what is in the slot is left to maintenance."""


class Refused(Exception):
    """The database does not take these values, or this row; at another time it would not either."""


class Books:
    """Runs requests against the job queue; a database that is away costs time and nothing else.

    ``in_doubt``: an earlier try of the last request got no answer, and may have been carried out.
    """

    def __init__(self, connect: Callable[[], Connection], schema: str, watch: Watch) -> None:
        self._connect = connect
        self._schema = schema
        self._watch = watch
        self._connection: Connection | None = None
        self._backoff = Backoff(0.1, 30.0)
        self.in_doubt = False

    def open(self) -> None:
        """Connect, however long it takes. Unwritten when told to leave before."""
        self.ask(lambda _: None)

    def ask(self, request: Callable[[JobQueue], Result], *, patient: bool = False) -> Result:
        """Repeat ``request`` until the database has answered it.

        When told to drain, give up with Unwritten after a failure, unless ``patient``: then only
        the supervisor's patience ends it, and a row that will not be written raises Refused.
        """
        self.in_doubt = False
        while True:
            try:
                if self._connection is None:
                    self._connection = self._connect()
                answer = request(JobQueue(self._connection, self._schema))
            except psycopg.Error as error:
                self._after(error, patient)
            else:
                self._backoff.reset()
                return answer

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _after(self, error: psycopg.Error, patient: bool) -> None:
        kind = classify(error)
        if patient and kind is Remedy.BAD_ROW:
            raise Refused(str(error)) from error
        log.log(
            30 if self._backoff.fresh else 10,
            "database.failed",
            error=f"{type(error).__name__}: {error}",
            kind=kind.name,
        )
        if kind is not Remedy.RETRY:
            self.in_doubt |= self._connection is not None
            self.close()
        if self._watch.must_drain() and not patient:
            raise Unwritten from error
        self._watch.sleep(self._backoff.next())
