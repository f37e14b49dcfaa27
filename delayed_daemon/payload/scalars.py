"""Values beyond JSON's that are written as one text under a tag: ``!decimal "1.10"``."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any
from uuid import UUID

from delayed_daemon.payload.limits import MOST_DIGITS
from delayed_daemon.payload.moments import (
    date_from,
    datetime_from,
    duration_from,
    duration_text,
    moment_text,
    time_from,
    why_not_stored,
)


@dataclass(frozen=True, slots=True)
class ScalarKind:
    """``kind`` is the exact type; ``read`` raises what it likes; ``refuse`` gives a reason not to store a value."""

    tag: str
    kind: type
    write: Callable[[Any], str]
    read: Callable[[str], Any]
    refuse: Callable[[Any], str | None] = lambda _value: None


def _refuse_decimal(value: Decimal) -> str | None:
    if value.is_snan():
        return "a signaling NaN cannot be stored"
    return _too_long(len(value.as_tuple().digits))


def _decimal_from(text: str) -> Decimal:
    if len(text) > MOST_DIGITS and _too_long(sum(map(str.isdigit, text))):
        raise ValueError("too many digits")
    value = Decimal(text)
    if value.is_snan():
        raise ValueError("a signaling NaN")
    return value


def _refuse_path(path: PurePath) -> str | None:
    """Some Windows paths, such as ``//://``, are written by pathlib as the text of another one."""
    return None if type(path)(str(path)) == path else f"the path {str(path)!r:.100} is ambiguous"


def _too_long(digits: int) -> str | None:
    return f"a number of {digits} digits cannot be stored: the most is {MOST_DIGITS}" if digits > MOST_DIGITS else None


_KINDS = (
    ScalarKind("datetime", datetime, moment_text, datetime_from, lambda value: why_not_stored(value.tzinfo)),
    ScalarKind("time", time, moment_text, time_from, lambda value: why_not_stored(value.tzinfo)),
    ScalarKind("date", date, date.isoformat, date_from),
    ScalarKind("timedelta", timedelta, duration_text, duration_from),
    ScalarKind("decimal", Decimal, str, _decimal_from, _refuse_decimal),
    ScalarKind("uuid", UUID, str, UUID),
    ScalarKind(
        "bytes", bytes, lambda value: b64encode(value).decode("ascii"), lambda text: b64decode(text, validate=True)
    ),
    ScalarKind("path", type(Path()), str, Path, _refuse_path),
    ScalarKind("path:PurePosixPath", PurePosixPath, str, PurePosixPath, _refuse_path),
    ScalarKind("path:PureWindowsPath", PureWindowsPath, str, PureWindowsPath, _refuse_path),
)

BY_TYPE = {kind.kind: kind for kind in _KINDS}
BY_TAG = {kind.tag: kind for kind in _KINDS}
