"""Durations as people write them: ``90``, ``90s``, ``15m``, ``4h``, ``30d``."""

from __future__ import annotations

import re

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_DURATION = re.compile(r"([0-9]{1,15}(?:\.[0-9]*)?|\.[0-9]+)\s?([smhd]?)")


def parse_duration(text: str) -> float:
    """Seconds of a number with or without a unit; ValueError when it is not one."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise ValueError("not a duration")
    return float(found[1]) * _UNITS[found[2] or "s"]


def format_duration(seconds: float) -> str:
    """The shortest text that `parse_duration` reads as the same number of seconds."""
    for unit, length in _UNITS.items():
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:.0f}{unit}"
    return f"{seconds:.6f}".rstrip("0").rstrip(".") + "s"
