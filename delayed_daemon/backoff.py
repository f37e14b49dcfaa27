"""How long to wait before trying again what others depend on: a database, a worker that will not live."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    """Exponential waits with full jitter, from ``least`` to ``most`` seconds.

    ``next()`` gives the next wait and raises the bound; ``reset()`` starts over.
    The rule is "full jitter": a uniform draw below the doubled bound, so that many
    clients of one database do not return at once.
    """

    def __init__(self, least: float, most: float, draw: Callable[[], float] = random.random) -> None:
        self._least = least
        self._most = most
        self._draw = draw
        self._bound = least

    @property
    def fresh(self) -> bool:
        """Nothing has failed since the last reset."""
        return self._bound == self._least

    def next(self) -> float:
        wait = self._least + (self._bound - self._least) * self._draw()
        self._bound = min(self._bound * 2, self._most)
        return wait

    def reset(self) -> None:
        self._bound = self._least
