"""The jobs of one schema as people ask for them and change them: listed, shown, and changed many at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from psycopg.rows import dict_row

from delayed_daemon.job import name_in
from delayed_daemon.store.connection import Connection
from delayed_daemon.store.enqueue import Wake
from delayed_daemon.store.moments import delay_seconds, timestamp_text
from delayed_daemon.store.statements import statements
from delayed_daemon.store.states import STATES

BATCH = 1000
_SET_ASIDE = {"locked", "failed", "held"}


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which jobs are meant. What is empty or None asks nothing; ages are seconds since the job was enqueued.

    A name stands for itself and what is below it; with ``*`` or ``?`` in it, it is a pattern.
    """

    states: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    name: str | None = None
    older_than: float | None = None
    newer_than: float | None = None
    error: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether this means every job there is."""
        return self == Selection()

    def in_states(self, states: Sequence[str]) -> Selection:
        """The same, for these states."""
        return replace(self, states=tuple(states))

    def parameters(self) -> dict[str, Any]:
        """Those of the fragment ``{chosen}``, and the states."""
        return {
            "states": list(self.states or STATES),
            "queues": list(self.queues) or None,
            "names": None if self.name is None else _patterns(self.name),
            "older": self.older_than,
            "newer": self.newer_than,
            "error": self.error,
        }


class ListedJob(NamedTuple):
    """A row as lists show it. ``run_at`` is text, as it may be infinite; ``due_seconds`` is below zero when past."""

    id: int
    state: str
    queue: str
    priority: int
    attempts: int
    run_at: str
    due_seconds: float
    handler: str
    last_error: str | None

    @property
    def name(self) -> str:
        """The class or call in the handler's tag."""
        return name_in(self.handler)


class Backlog:
    """What people do to the jobs of one schema. Changes go by ids, in batches, each in a transaction of its own."""

    def __init__(self, connection: Connection, schema: str, *, wake: Wake = "when_idle") -> None:
        self._connection = connection
        self._schema = schema
        self._wake: Wake = wake
        self._statements = statements(schema)

    def page(self, selection: Selection, *, after: int = 0, limit: int) -> list[ListedJob]:
        """One page, in order of id, of jobs with larger ids than ``after``."""
        name = "list_set_aside" if selection.states and _SET_ASIDE.issuperset(selection.states) else "list_jobs"
        return self._listed(name, {**selection.parameters(), "after": after, "limit": limit})

    def listed(self, ids: Sequence[int]) -> list[ListedJob]:
        """Those of these jobs that are there, in order of id."""
        return self._listed("list_by_id", {"ids": list(ids)})

    def show(self, id: int) -> dict[str, Any] | None:
        """Everything about one job by the names of its columns, with ``state`` and ``holder_lives``."""
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(self._statements["show_job"], {"id": id}).fetchone()

    def select(self, selection: Selection, limit: int | None = None) -> list[int]:
        """The ids of all that are meant, in order."""
        parameters = {**selection.parameters(), "limit": limit}
        return list(self._connection.execute(self._statements["select_jobs"], parameters).fetchall()[0][0])

    def retry(self, ids: Sequence[int]) -> Iterator[list[int]]:
        """Failed → ready, with all attempts. Yields, here and below, what was changed, for each batch."""
        return self._changed("retry_jobs", ids, ("failed",), **self._waking())

    def reschedule(self, ids: Sequence[int], run_at: datetime | timedelta) -> Iterator[list[int]]:
        """Let waiting jobs run at another time."""
        when = {
            "run_at": timestamp_text(run_at) if isinstance(run_at, datetime) else None,
            "delay": 0.0 if isinstance(run_at, datetime) else delay_seconds(run_at),
        }
        return self._changed("reschedule_jobs", ids, ("ready", "scheduled"), **when, **self._waking())

    def release_held(self, ids: Sequence[int]) -> Iterator[list[int]]:
        """Held → ready."""
        return self._changed("release_held", ids, ("held",), **self._waking())

    def release_locked(self, ids: Sequence[int], *, force: bool) -> Iterator[list[int]]:
        """Locked → waiting, where the holder has no living lease; with ``force`` all: they may be performed twice."""
        return self._changed("release_locked", ids, ("locked",), force=force, **self._waking())

    def delete(self, ids: Sequence[int], states: Sequence[str]) -> Iterator[list[int]]:
        """Delete jobs of these states, of which locked is none."""
        return self._changed("delete_jobs", ids, [state for state in states if state != "locked"])

    def _listed(self, name: str, parameters: dict[str, Any]) -> list[ListedJob]:
        return [ListedJob(*row) for row in self._connection.execute(self._statements[name], parameters)]

    def _waking(self) -> dict[str, Any]:
        return {"wake": self._wake, "payload": self._schema}

    def _changed(self, name: str, ids: Sequence[int], states: Sequence[str], **more: Any) -> Iterator[list[int]]:
        for start in range(0, len(ids), BATCH):
            parameters = {"ids": list(ids[start : start + BATCH]), "states": list(states), **more}
            yield [row[0] for row in self._connection.execute(self._statements[name], parameters)]


def _patterns(name: str) -> list[str]:
    """A name as patterns of LIKE."""
    escaped = name.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    if "*" in name or "?" in name:
        return [escaped.replace("*", "%").replace("?", "_")]
    return [escaped, f"{escaped}.%", f"{escaped}#%"]
