"""Jobs of daemons that are dead: given back once their lease has lapsed by two clocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import structlog

from delayed_daemon.store.upkeep import Holder, Upkeep

log = structlog.get_logger()

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a holder's heartbeat was, and since when it has been so by our own clock."""

    heartbeat: str | None
    since: float


class Rescue:
    """Gives back what holders without a live lease have locked.

    The database's word alone does not suffice: it must say that the lease lapsed, *and* this
    process, connected throughout, must have seen the heartbeat unchanged for a whole lease of its
    own monotonic clock. An outage of the database, or a step of its clock, makes nobody rescue anybody.
    """

    def __init__(
        self, own_prefix: Callable[[], str], lease_seconds: float, max_run_time: float, max_crashes: int
    ) -> None:
        self._own_prefix = own_prefix
        self._lease_seconds = lease_seconds
        self._max_run_time = max_run_time
        self._max_crashes = max_crashes
        self._seen: dict[str, Sighting] = {}

    def forget_sightings(self) -> None:
        """The connection was lost: what was seen before it proves nothing."""
        self._seen.clear()

    def look(self, upkeep: Upkeep, now: float) -> int:
        """Look at all holders once, and rescue from those that are dead; how many jobs."""
        holders = [holder for holder in upkeep.holders() if holder.prefix != self._own_prefix()]
        self._seen = {holder.prefix: self._sighting(holder, now) for holder in holders}
        rescued = 0
        for holder in holders:
            if holder.lapsed and holder.uuid is not None and self._is_overdue(holder, now):
                rescued += self._rescue(upkeep, holder)
        foreign = any(holder.uuid is None for holder in holders)
        if foreign:
            rescued += len(upkeep.rescue_foreign(self._max_run_time, self._max_crashes))
        upkeep.forget_lapsed()
        return rescued

    def _sighting(self, holder: Holder, now: float) -> Sighting:
        before = self._seen.get(holder.prefix)
        return before if before and before.heartbeat == holder.heartbeat_at else Sighting(holder.heartbeat_at, now)

    def _is_overdue(self, holder: Holder, now: float) -> bool:
        return now - self._seen[holder.prefix].since >= self._lease_seconds

    def _rescue(self, upkeep: Upkeep, holder: Holder) -> int:
        assert holder.uuid is not None
        rescued = 0
        while ids := upkeep.rescue(holder.prefix, UUID(holder.uuid), self._max_crashes, _BATCH):
            rescued += len(ids)
        if rescued:
            log.warning("jobs.rescued", count=rescued, holder=holder.prefix)
        return rescued
