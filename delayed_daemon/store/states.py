"""The states of a job, each defined once, for the claim, the status and everybody else who counts.

A row is in exactly one of them. The fragments speak about a row named ``j``.
"""

from __future__ import annotations

from types import MappingProxyType

# The predicate of the index delayed_jobs_ready, word for word: the planner must see that it is implied.
WAITING = "j.locked_by IS NULL AND j.failed_at IS NULL AND j.held_until IS NULL"

STATES = MappingProxyType(
    {
        "ready": f"{WAITING} AND j.run_at <= now()",
        "scheduled": f"{WAITING} AND j.run_at > now()",
        "locked": "j.locked_by IS NOT NULL",
        "failed": "j.locked_by IS NULL AND j.failed_at IS NOT NULL",
        "held": "j.locked_by IS NULL AND j.failed_at IS NULL AND j.held_until IS NOT NULL",
    }
)
