"""Sizes of memory as people write them: ``512m``, ``2g``, ``300 MiB``. Units are powers of 1024."""

from __future__ import annotations

import re

_UNITS = {"t": 2**40, "g": 2**30, "m": 2**20, "k": 2**10}
_SIZE = re.compile(r"([0-9]{1,19})(?:\.([0-9]{1,9}))?\s?(?:([kmgt])(?:i?b)?|b)?", re.IGNORECASE)


def parse_size(text: str) -> int:
    """Bytes of a number with or without a unit; ValueError when it is not one."""
    found = _SIZE.fullmatch(text.strip())
    if found is None or not text.isascii():
        raise ValueError("not a size")
    whole, fraction, unit = found.groups()
    factor = _UNITS[unit.lower()] if unit else 1
    return int(whole) * factor + int((fraction or "").ljust(9, "0")) * factor // 10**9


def format_size(octets: int) -> str:
    """The shortest text that `parse_size` reads as the same number of bytes."""
    for unit, factor in _UNITS.items():
        if octets and octets % factor == 0:
            return f"{octets // factor}{unit}"
    return str(octets)
