"""When a failed job is tried again."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

_LONGEST_SECONDS = 366 * 86400.0


def retry_delay(attempts: int, jitter: Callable[[], float] = random.random) -> timedelta:
    """The wait before the next try: ``5 + attempts ** 4`` seconds (delayed_job's rule) and up to a tenth more.

    ``attempts`` counts the failures so far, this one included: 6 s, 21 s, 86 s, 261 s, … The jitter
    keeps jobs that failed together from coming back together.
    """
    seconds = min(5.0 + float(min(attempts, 1000)) ** 4, _LONGEST_SECONDS)
    return timedelta(seconds=seconds * (1.0 + jitter() / 10.0))
