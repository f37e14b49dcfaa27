"""When a job is to run, as applications say it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from delayed_daemon.errors import InvalidJob

When = datetime | timedelta | int | float

_LONGEST_DELAY = timedelta(days=366_000)


def moment(option: str, when: When | None) -> tuple[datetime | None, float | None]:
    """An absolute time, or seconds from the database's now. `InvalidJob` for what is neither."""
    if when is None:
        return None, None
    if isinstance(when, datetime):
        if when.tzinfo is None or when.utcoffset() is None:
            raise InvalidJob(f"{option}: {when.isoformat()} has no time zone; use an aware datetime")
        return when, None
    if isinstance(when, timedelta):
        delay = when.total_seconds()
    elif isinstance(when, int | float) and not isinstance(when, bool):
        delay = float(when)
    else:
        raise InvalidJob(f"{option}: an aware datetime, a timedelta or seconds from now, not {when!r}")
    if not abs(delay) <= _LONGEST_DELAY.total_seconds():
        raise InvalidJob(f"{option}: {delay} seconds from now is out of range")
    return None, delay


def is_later(at: datetime | None, delay: float | None) -> bool:
    """Whether a job of that `moment` has to wait; of an absolute time by this host's clock."""
    return at > datetime.now(UTC) if at is not None else (delay or 0.0) > 0.0
