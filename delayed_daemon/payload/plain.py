"""What of JSON's own values may be stored, and how: predicates that writer and reader share."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable
from typing import Any, Final

from delayed_daemon.payload.limits import LONGEST_KEY, MOST_DIGITS, MOST_EQUAL_HASHES

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False)


def _encode_by(make: Callable[..., Callable[[Any, int], Iterable[str]]]) -> Callable[[Any], str]:
    """`JSONEncoder.encode` makes such an encoder in C for every value; made once, it takes less than half the time."""
    chunks = make(None, _ENCODER.default, json.encoder.encode_basestring, None, ": ", ", ", False, False, False)
    return lambda value: "".join(chunks(value, 0))


_MAKE: Final = getattr(json.encoder, "c_make_encoder", None)
encode_json: Final[Callable[[Any], str]] = _ENCODER.encode if _MAKE is None else _encode_by(_MAKE)

_GREATEST: Final[int] = 10**MOST_DIGITS - 1
_SURELY_SHORT = LONGEST_KEY // 6 - 2


def is_storable_text(text: str) -> bool:
    """Whether it can be written as UTF-8: no lone surrogates."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_storable_int(number: int) -> bool:
    return -_GREATEST <= number <= _GREATEST


def is_json_float(number: float) -> bool:
    """Whether JSON's and YAML 1.1's ways to write it agree: no exponent, no infinity, no NaN."""
    return 1e-4 <= abs(number) < 1e16 or number == 0.0


def fits_as_key(key: str) -> bool:
    if len(key) <= _SURELY_SHORT and key.isascii():
        return True
    return is_storable_text(key) and (len(key) <= _SURELY_SHORT or len(encode_json(key)) <= LONGEST_KEY)


def too_many_equal_hashes(members: Collection[Hashable]) -> bool:
    """Whether so many members share a hash that a set or dict of them would take quadratic time to build."""
    if len(members) <= MOST_EQUAL_HASHES:
        return False
    return any(count > MOST_EQUAL_HASHES for count in Counter(map(hash, members)).values())
