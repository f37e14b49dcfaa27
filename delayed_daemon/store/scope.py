"""Which jobs a claim, or a look ahead, is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_LEAST_PRIORITY = -(2**31)
_MOST_PRIORITY = 2**31 - 1


def scope_parameters(min_priority: int | None, max_priority: int | None, queues: Sequence[str]) -> dict[str, Any]:
    """The parameters of the statements about priorities, both ends included, and queues; none named means all.

    A queue named twice would be read twice.
    """
    bounds = {
        "min_priority": _LEAST_PRIORITY if min_priority is None else min_priority,
        "max_priority": _MOST_PRIORITY if max_priority is None else max_priority,
    }
    return {**bounds, "queues": list(dict.fromkeys(queues))} if queues else bounds
