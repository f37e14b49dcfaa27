"""Python's times as PostgreSQL reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_LONGEST_DELAY = timedelta(days=366_000)


def timestamp_text(moment: datetime | None) -> str | None:
    """An aware datetime as PostgreSQL reads it; `ValueError` for a naive one, whose moment nobody knows."""
    if moment is None:
        return None
    if moment.utcoffset() is None:
        raise ValueError("a datetime without a time zone names no moment")
    try:
        return moment.astimezone(UTC).isoformat()
    except OverflowError:
        # Within a day of the ends of the calendar. PostgreSQL's reaches further.
        return moment.isoformat()


def delay_seconds(delay: timedelta) -> float:
    """A wait in seconds, at most a thousand years: PostgreSQL's calendar ends before Python's longest timedelta."""
    return min(delay, _LONGEST_DELAY).total_seconds()


def from_epoch(seconds: float) -> datetime | None:
    """Seconds since 1970 as an aware datetime; None for a time that Python cannot express."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
