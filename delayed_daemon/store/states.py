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

# The name of a row's state. The planner sees no index condition in it, so that other conditions choose the index.
STATE = f"(CASE {' '.join(f'WHEN {condition} THEN {name!r}' for name, condition in STATES.items())} END)"

# What a person asks about jobs beside their state; a parameter that is NULL asks nothing.
CHOSEN = r"""
  (%(queues)s::text[] IS NULL OR j.queue = ANY (%(queues)s::text[]))
  AND (%(names)s::text[] IS NULL
       OR substring(j.handler FROM '^!(?:job|call):([^\s{]+)') LIKE ANY (%(names)s::text[]))
  AND (%(older)s::float8 IS NULL OR j.created_at < now() - make_interval(secs => %(older)s::float8))
  AND (%(newer)s::float8 IS NULL OR j.created_at >= now() - make_interval(secs => %(newer)s::float8))
  AND (%(error)s::text IS NULL OR strpos(j.last_error, %(error)s::text) > 0)"""
