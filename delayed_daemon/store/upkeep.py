"""The statements of maintenance: leases, verdicts, rescue, holds, and when to wake up next."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from delayed_daemon.outcome import ErrorReport
from delayed_daemon.store.connection import Connection
from delayed_daemon.store.failures import Remedy, classify
from delayed_daemon.store.moments import delay_seconds
from delayed_daemon.store.reports import write_report
from delayed_daemon.store.scope import scope_parameters
from delayed_daemon.store.statements import statements

_BATCH = 1000


@dataclass(frozen=True, kw_only=True)
class DaemonRow:
    """What a daemon says about itself when it registers. ``id`` is new at each start and after a lapsed lease."""

    id: UUID
    name: str
    host: str
    pid: int
    boot_id: str
    version: str
    workers: int
    lease_seconds: float
    queues: tuple[str, ...] = ()
    min_priority: int | None = None
    max_priority: int | None = None


class Heartbeat(NamedTuple):
    """A lease that was renewed at ``database_seconds``, seconds since 1970 by the database's clock."""

    database_seconds: float


class Holder(NamedTuple):
    """One holder of locked jobs. ``prefix`` begins the ``locked_by`` of all of them.

    ``uuid`` is the hex of its start, None when the form is another program's (``prefix`` is then the whole
    ``locked_by``). ``lapsed``: the database's clock says that no lease stands. ``heartbeat_at`` is text, to be
    compared with an earlier look; None without a row.
    """

    prefix: str
    uuid: str | None
    lapsed: bool
    heartbeat_at: str | None


class Upkeep:
    """What the maintenance of one daemon does to the tables of one schema. It waits for no row.

    Completing the jobs of a dead worker's ring, failing or releasing single claims: see `JobQueue`.
    A prefix is the beginning of ``locked_by`` up to a slash: a daemon's ``name:pid/uuid/`` or a worker's.
    """

    def __init__(self, connection: Connection, schema: str) -> None:
        self._connection = connection
        self._statements = statements(schema)

    def register(self, daemon: DaemonRow) -> Heartbeat | None:
        """Insert the row, its lease beginning now. None when this id is there already and has lapsed."""
        parameters = {
            "id": str(daemon.id),
            "name": daemon.name,
            "host": daemon.host,
            "pid": daemon.pid,
            "boot_id": daemon.boot_id,
            "version": daemon.version,
            "workers": daemon.workers,
            "lease": daemon.lease_seconds,
            "queues": list(daemon.queues),
            "min_priority": daemon.min_priority,
            "max_priority": daemon.max_priority,
        }
        return self._beaten("register", parameters)

    def heartbeat(self, daemon_id: UUID, snapshot: dict[str, Any], idle: bool) -> Heartbeat | None:
        """Renew the lease. None when it has lapsed, or the row is gone: then register anew, under a new id.

        A snapshot that cannot be stored is left out: the lease does not depend on statistics.
        """
        parameters = {"id": str(daemon_id), "idle": idle}
        try:
            return self._beaten("heartbeat", {**parameters, "snapshot": json.dumps(snapshot, allow_nan=False)})
        except (psycopg.Error, ValueError, TypeError) as error:
            if isinstance(error, psycopg.Error) and classify(error) is not Remedy.BAD_ROW:
                raise
        return self._beaten("heartbeat", {**parameters, "snapshot": "{}"})

    def advertise(self, daemon_id: UUID, idle: bool) -> None:
        """Say whether a worker is idle: only then do enqueuers notify."""
        self._touched("advertise", {"id": str(daemon_id), "idle": idle})

    def deregister(self, daemon_id: UUID) -> None:
        """Delete the daemon's row, when it leaves in order."""
        self._touched("deregister", {"id": str(daemon_id)})

    def forget(self, daemon_id: UUID) -> bool:
        """Delete the row of a daemon whose lease has lapsed and that holds nothing; whether it was so."""
        return self._touched("forget", {"id": str(daemon_id)}) == 1

    def forget_lapsed(self) -> int:
        """Delete the rows of all daemons whose lease has lapsed and that hold nothing; how many."""
        return self._touched("forget_lapsed", {})

    def crash(self, id: int, token: str, report: ErrorReport, max_crashes: int, delay: timedelta) -> bool:
        """The verdict on the job that was alone in hand when its worker died: a failed attempt and a crash.

        It runs again after the delay; with ``max_crashes`` it is quarantined. False: the claim was lost.
        """
        parameters = {"id": id, "token": token, "max_crashes": max_crashes, "delay": delay_seconds(delay)}
        return write_report(self._connection, self._statements["crash"], parameters, report)

    def release_range(self, prefix: str) -> list[int]:
        """Give back everything locked under the prefix, without counting the attempt; returns the ids."""
        return [row[0] for row in self._rows("release_range", _range(prefix))]

    def locked_under(self, prefix: str) -> list[tuple[int, str]]:
        """The jobs locked under the prefix: pairs of id and token."""
        return [(row[0], row[1]) for row in self._rows("locked_under", _range(prefix))]

    def holders(self) -> list[Holder]:
        """Everybody who holds locked jobs, in order of prefix."""
        return list(map(Holder._make, self._rows("holders", {})))

    def rescue(self, prefix: str, daemon_id: UUID, max_crashes: int, limit: int = _BATCH) -> list[int]:
        """Give back what a lapsed daemon had locked, as a crash of each job; returns the ids, at most ``limit``.

        The lease is judged in the statement itself: none are returned while it stands.
        """
        parameters = {**_range(prefix), "daemon": str(daemon_id), "max_crashes": max_crashes, "limit": limit}
        return [row[0] for row in self._rows("rescue", parameters)]

    def rescue_foreign(self, older_than_seconds: float, max_crashes: int, limit: int = _BATCH) -> list[int]:
        """Give back jobs that another program locked that long ago; returns the ids, at most ``limit``."""
        parameters = {"seconds": older_than_seconds, "max_crashes": max_crashes, "limit": limit}
        return [row[0] for row in self._rows("rescue_foreign", parameters)]

    def unhold_due(self) -> int:
        """Let jobs whose hold is over be claimed again; returns how many."""
        return self._in_batches("unhold_due")

    def unhold_all(self) -> int:
        """Let every held job be claimed again, because the code may be new; returns how many."""
        return self._in_batches("unhold_all")

    def prune(self, keep_seconds: float, limit: int) -> int:
        """Delete jobs that failed longer ago than that, the oldest first; how many, at most ``limit``."""
        return self._touched("prune", {"keep": keep_seconds, "limit": limit})

    def count_prunable(self, keep_seconds: float) -> int:
        """How many jobs failed longer ago than that."""
        return int(self._rows("count_prunable", {"keep": keep_seconds})[0][0])

    def next_due(
        self,
        queues: Sequence[str] = (),
        min_priority: int | None = None,
        max_priority: int | None = None,
        lookback_seconds: float = 0.0,
    ) -> float | None:
        """Seconds until the next scheduled job of this scope, or the next held job, is due; None without any.

        Jobs that are ready already do not count, unless they became due within ``lookback_seconds`` (the number
        is then negative): pass the time since the last look, so that none falls between two.
        """
        name = "next_due_in_queues" if queues else "next_due"
        parameters = {**scope_parameters(min_priority, max_priority, queues), "lookback": lookback_seconds}
        seconds = self._rows(name, parameters)[0][0]
        return None if seconds is None else float(seconds)

    def _beaten(self, name: str, parameters: dict[str, Any]) -> Heartbeat | None:
        rows = self._rows(name, parameters)
        return Heartbeat(rows[0][0]) if rows else None

    def _rows(self, name: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
        return self._connection.execute(self._statements[name], parameters).fetchall()

    def _touched(self, name: str, parameters: dict[str, Any]) -> int:
        return self._connection.execute(self._statements[name], parameters).rowcount

    def _in_batches(self, name: str) -> int:
        total = 0
        while (count := self._touched(name, {"limit": _BATCH})) == _BATCH:
            total += count
        return total + count


def _range(prefix: str) -> dict[str, str]:
    # "0" is the character after "/" in the order of the column, which is that of the bytes.
    if not prefix.endswith("/"):
        raise ValueError(f"not a prefix of locked_by: {prefix!r}")
    return {"prefix": prefix, "beyond": prefix[:-1] + "0"}
