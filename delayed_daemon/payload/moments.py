"""Dates and times as text: ISO 8601, with what it lacks in brackets behind, as in RFC 9557.

``2024-10-27T02:30:00+01:00[Europe/Berlin][fold=1]``: the clock's reading and the zone are what counts; the offset
is for people and for other programs. ``[tzname=…]`` is the name of a `datetime.timezone` that was given one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import TypeVar
from zoneinfo import ZoneInfo

Moment = TypeVar("Moment", datetime, time)

_SUFFIXES = re.compile(
    r"(?P<iso>[^\[]*)(?:\[(?P<zone>[A-Za-z0-9_+\-/]+)\])?(?:\[fold=(?P<fold>1)\])?(?:\[tzname=(?P<tzname>.*)\])?",
    re.DOTALL,
)
# fromisoformat takes an offset of less than a second for none (CPython 3.11 to 3.13), so those are read here.
_FINE_OFFSET = re.compile(r"([+-])(\d\d):(\d\d):(\d\d)\.(\d{6})$", re.ASCII)
_DURATION = re.compile(
    r"P(?:(?P<days>-?\d{1,9})D)?(?:T(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?"
    r"(?:(?P<seconds>\d{1,9})(?:\.(?P<fraction>\d{1,6}))?S)?)?",
    re.ASCII,
)


def why_not_stored(zone: tzinfo | None) -> str | None:
    """Why a time zone cannot be stored; None when it can."""
    if zone is None or type(zone) is timezone:
        return None
    if type(zone) is not ZoneInfo:
        return f"a time zone of type {type(zone).__name__} cannot be stored: use zoneinfo.ZoneInfo or datetime.timezone"
    if not zone.key:
        return "a ZoneInfo without a key cannot be stored"
    return None


def moment_text(moment: datetime | time) -> str:
    zone = moment.tzinfo
    text = moment.isoformat()
    if type(zone) is ZoneInfo:
        text += f"[{zone.key}]"
    if moment.fold:
        text += "[fold=1]"
    if type(zone) is timezone and zone.tzname(None) != timezone(zone.utcoffset(None)).tzname(None):
        text += f"[tzname={zone.tzname(None)}]"
    return text


def datetime_from(text: str) -> datetime:
    return _moment_from(text, datetime.fromisoformat)


def time_from(text: str) -> time:
    return _moment_from(text, time.fromisoformat)


def date_from(text: str) -> date:
    return date.fromisoformat(text)


def duration_text(duration: timedelta) -> str:
    """As an ISO 8601 duration; like `timedelta` it has the sign in its days alone."""
    days = f"{duration.days}D" if duration.days else ""
    fraction = f".{duration.microseconds:06d}" if duration.microseconds else ""
    seconds = f"T{duration.seconds}{fraction}S" if duration.seconds or fraction else ""
    return f"P{days}{seconds}" if days or seconds else "PT0S"


def duration_from(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    if found is None or text[-1] in "PT":
        raise ValueError("not an ISO 8601 duration of days, hours, minutes and seconds")
    fraction = (found["fraction"] or "").ljust(6, "0")
    days, hours, minutes, seconds = (int(found[part] or 0) for part in ("days", "hours", "minutes", "seconds"))
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=int(fraction))


def _moment_from(text: str, read: Callable[[str], Moment]) -> Moment:
    found = _SUFFIXES.fullmatch(text)
    if found is None:
        raise ValueError("unknown suffix")
    fine = _FINE_OFFSET.search(found["iso"])
    moment = read(found["iso"][: fine.start()] if fine else found["iso"])
    zone = timezone(_offset(*fine.groups())) if fine else moment.tzinfo
    if found["zone"] is not None:
        zone = ZoneInfo(found["zone"])
    elif found["tzname"] is not None:
        if zone is None:
            raise ValueError("a zone's name without its offset")
        zone = timezone(zone.utcoffset(None) or timedelta(0), found["tzname"])
    return moment.replace(tzinfo=zone, fold=1 if found["fold"] else 0)


def _offset(sign: str, hours: str, minutes: str, seconds: str, fraction: str) -> timedelta:
    offset = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds), microseconds=int(fraction))
    return -offset if sign == "-" else offset
