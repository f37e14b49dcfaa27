"""Where a value stands in a job, for messages: ``NewsletterJob.emails[3].sent``."""

from __future__ import annotations

from typing import Any

Place = tuple[Any, Any, Any]
"""The place around it or None, the attribute, index or key there, and the value itself. A tuple, because one is made
for every value of every job and hardly ever looked at."""


def rendered(place: Place) -> str:
    around, key, _ = place
    if around is None:
        return str(key)
    if type(around[2]) in (list, tuple, dict, set, frozenset):
        return f"{rendered(around)}[{key!r:.100}]"
    return f"{rendered(around)}.{key}"


def shortest_cycle(place: Place) -> Place | None:
    """The outermost place whose value also lies around it, if any."""
    chain = [place]
    while chain[-1][0] is not None:
        chain.append(chain[-1][0])
    seen: set[int] = set()
    for at in reversed(chain):
        if id(at[2]) in seen:
            return at
        seen.add(id(at[2]))
    return None
