"""Waiting for a condition, with a reason and a deadline, instead of sleeping and hoping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], reason: str, *, seconds: float = 30.0) -> T:
    """The first true value of ``condition``; fails with ``reason`` when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s in vain until {reason}")
        time.sleep(0.02)
    return value
