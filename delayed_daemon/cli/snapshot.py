"""What a daemon said about its workers with its last heartbeat; daemons of other versions may say less, or more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Execution:
    """A job that a worker has in hand."""

    job: int | None
    name: str | None
    since_seconds: float | None


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker process; what its daemon did not say is None."""

    number: int | None
    pid: int | None
    generation: int | None
    state: str | None
    performed: int | None
    failed: int | None
    memory_bytes: int | None
    executions: list[Execution]


def workers_in(snapshot: dict[str, Any]) -> list[Worker]:
    """The workers of a snapshot; whatever is not of the expected form is left out."""
    return [_worker(each) for each in _mappings(snapshot.get("workers"))]


def rate_in(snapshot: dict[str, Any]) -> float | None:
    """Jobs per second."""
    return _number(snapshot.get("rate"))


def _worker(said: dict[str, Any]) -> Worker:
    return Worker(
        number=_whole(said.get("number")),
        pid=_whole(said.get("pid")),
        generation=_whole(said.get("generation")),
        state=_text(said.get("state")),
        performed=_whole(said.get("performed")),
        failed=_whole(said.get("failed")),
        memory_bytes=_whole(said.get("memory_bytes")),
        executions=[_execution(each) for each in _mappings(said.get("executions"))],
    )


def _execution(said: dict[str, Any]) -> Execution:
    return Execution(_whole(said.get("job")), _text(said.get("name")), _number(said.get("since_seconds")))


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
