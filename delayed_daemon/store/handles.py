"""The requests about one job by its id, as values; whether a change is still allowed, the statement itself decides."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple

from delayed_daemon.store.enqueue import Request, Wake
from delayed_daemon.store.moments import from_epoch, timestamp_text
from delayed_daemon.store.statements import statements


class JobRow(NamedTuple):
    """A row as people see it. ``attempts`` are the failures so far; a time that Python cannot express is None."""

    id: int
    queue: str
    priority: int
    attempts: int
    handler: str
    run_at: datetime | None
    state: str
    crashes: int
    last_error: str | None
    errors: list[dict[str, Any]]
    locked_by: str | None
    held_reason: str | None
    created_at: datetime | None
    updated_at: datetime | None
    locked_at: datetime | None
    failed_at: datetime | None
    held_until: datetime | None
    expires_at: datetime | None


_MOMENTS = {"run_at", "created_at", "updated_at", "locked_at", "failed_at", "held_until", "expires_at"}


def job_row(row: tuple[Any, ...]) -> JobRow:
    """What the row of a `find_request` says."""
    found = JobRow(*row)
    moments: dict[str, Any] = {
        name: from_epoch(value) for name in _MOMENTS if (value := getattr(found, name)) is not None
    }
    return found._replace(errors=json.loads(str(found.errors)), **moments)


def find_request(schema: str, id: int) -> Request:
    """One row, for `job_row`; none when there is no such job."""
    return Request(statements(schema)["find_job"], {"id": id})


def cancel_if_waiting_request(schema: str, id: int) -> Request:
    """One row when the job waited and is deleted."""
    return Request(statements(schema)["cancel_if_waiting"], {"id": id})


def reschedule_if_waiting_request(
    schema: str, id: int, run_at: datetime | None, delay: float | None, wake: Wake
) -> Request:
    """One row, run_at in seconds since 1970 and state, when the job waited and is moved."""
    moment = {"run_at": timestamp_text(run_at), "delay": delay}
    return Request(statements(schema)["reschedule_if_waiting"], {"id": id, "schema": schema, "wake": wake, **moment})


def retry_if_failed_request(schema: str, id: int, wake: Wake) -> Request:
    """One row, run_at in seconds since 1970 and state, when the job had failed and is ready again."""
    return Request(statements(schema)["retry_if_failed"], {"id": id, "schema": schema, "wake": wake})
