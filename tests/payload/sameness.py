"""Equal and of the same type, all the way down."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime, time
from decimal import Decimal
from enum import Enum, Flag
from math import copysign, isnan
from zoneinfo import ZoneInfo


def same(left: object, right: object) -> bool:
    if type(left) is not type(right):
        return False
    match left:
        case Flag():
            return left == right  # early releases of Python 3.11 make some flags anew at each call
        case Enum():
            return left is right
        case float():
            return (isnan(left) and isnan(right)) or (left == right and copysign(1, left) == copysign(1, right))
        case Decimal():
            return left.as_tuple() == right.as_tuple()
        case datetime() | time():
            return same_moment(left, right)
        case list() | tuple():
            return len(left) == len(right) and all(map(same, left, right))
        case dict():
            return same(list(left.items()), list(right.items()))
        case set() | frozenset():
            found = {member: member for member in right}
            return left == right and all(same(member, found[member]) for member in left)
    if is_dataclass(left):
        return all(same(getattr(left, each.name), getattr(right, each.name)) for each in fields(left))
    if type(left).__module__ == __name__.replace("sameness", "shop"):
        return same(vars(left), vars(right))
    return left == right


def same_moment(left, right) -> bool:
    if type(left.tzinfo) is not type(right.tzinfo) or left.fold != right.fold:
        return False
    if isinstance(left.tzinfo, ZoneInfo) and left.tzinfo.key != right.tzinfo.key:
        return False
    return left == right and left.isoformat() == right.isoformat() and left.tzname() == right.tzname()
