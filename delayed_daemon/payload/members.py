"""Members of an Enum as text: ``RED``, ``READ|WRITE``, or a number where a flag has bits without a name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum, Flag
from functools import reduce
from operator import or_

_NUMBER = re.compile(r"-?\d{1,100}", re.ASCII)


def member_text(member: Enum) -> str | None:
    """The text that finds this member again; None when none does."""
    kind = type(member)
    if kind.__members__.get(member._name_) is member:
        return member._name_
    if not isinstance(member, Flag):
        return None
    names = [part._name_ or "" for part in member]
    text = "|".join(names) if names and _joined(kind, names) == member._value_ else str(member._value_)
    return text if _is_same(member_from(kind, text), member) else None


def member_from(kind: type[Enum], text: str) -> Enum:
    """The member that a text means. Raises `LookupError` or `ValueError`, and what a class's own ``_missing_`` does."""
    if not issubclass(kind, Flag):
        return kind.__members__[text]
    if _NUMBER.fullmatch(text):
        return _flag(kind, int(text))
    if "|" not in text:
        return kind.__members__[text]
    return _flag(kind, _joined(kind, set(text.split("|"))))


def _flag(kind: type[Flag], value: int) -> Flag:
    """The flag of that value. Early releases of Python 3.11 drop bits that a strict flag does not have."""
    member = kind(value)
    if member._value_ != value and value >= 0:
        raise ValueError(f"{value} is no value of {kind.__qualname__}")
    return member


def _is_same(one: Enum, other: Enum) -> bool:
    """Not by identity: early releases of Python 3.11 make some flags anew at each call."""
    return type(one) is type(other) and one._value_ == other._value_


def _joined(kind: type[Enum], names: Iterable[str]) -> int:
    return reduce(or_, (int(kind.__members__[name].value) for name in names), 0)
