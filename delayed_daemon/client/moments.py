"""When a job is to run, as applications say it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from delayed_daemon.errors import InvalidJob

When = datetime | timedelta | int | float

_LONGEST_DELAY = timedelta(days=366_000)


def moment(run_at: When | None) -> tuple[datetime | None, float | None]:
    """An absolute time, or seconds from the database's now. `InvalidJob` for what is neither."""
    if run_at is None:
        return None, None
    if isinstance(run_at, datetime):
        if run_at.tzinfo is None or run_at.utcoffset() is None:
            raise InvalidJob(f"run_at: {run_at.isoformat()} has no time zone; use an aware datetime")
        return run_at, None
    if isinstance(run_at, timedelta):
        delay = run_at.total_seconds()
    elif isinstance(run_at, int | float) and not isinstance(run_at, bool):
        delay = float(run_at)
    else:
        raise InvalidJob(f"run_at: an aware datetime, a timedelta or seconds from now, not {run_at!r}")
    if not abs(delay) <= _LONGEST_DELAY.total_seconds():
        raise InvalidJob(f"run_at: {delay} seconds from now is out of range")
    return None, delay


def is_later(at: datetime | None, delay: float | None) -> bool:
    """Whether a job of that `moment` has to wait; of an absolute time by this host's clock."""
    return at > datetime.now(UTC) if at is not None else (delay or 0.0) > 0.0
