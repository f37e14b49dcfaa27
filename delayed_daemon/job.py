"""A job as the application sees it: what hooks are given and what ``enqueue`` returns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

DEFAULT_QUEUE = "default"
QUEUE_NAME = r"[^,\s\x00-\x1f\x7f-\x9f]{1,100}"
"""What the whole name of a queue must match; the table has the same as a CHECK."""

_NAME = re.compile(r"!(?:job|call):([^\s{]+)")


@dataclass(slots=True)
class Job:
    """One row of ``delayed_jobs`` around one payload.

    ``attempts`` counts earlier failures, as delayed_job's hooks see it. ``run_at`` is an aware
    datetime, or None for "as soon as possible" before the row exists. ``id`` is None until the
    row exists. After ``expires_at``, an aware datetime or None, the job is not started any more. The
    ``enqueue`` hook may change ``queue``, ``priority``, ``run_at`` and ``expires_at``.
    """

    payload: object
    queue: str = DEFAULT_QUEUE
    priority: int = 0
    run_at: datetime | None = None
    attempts: int = 0
    id: int | None = None
    handler: str = ""
    expires_at: datetime | None = None

    @property
    def name(self) -> str:
        """The payload's ``display_name`` (attribute or method), else the name in the handler's tag."""
        given = getattr(self.payload, "display_name", None)
        if callable(given):
            given = given()
        return str(given) if given is not None else name_in(self.handler)


def name_in(handler: str) -> str:
    """The class or call that a handler names, without decoding it; ``?`` when it names none."""
    found = _NAME.match(handler)
    return found[1] if found else "?"
