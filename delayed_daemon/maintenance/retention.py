"""Deleting failed jobs that are kept no longer, at a bounded rate."""

from __future__ import annotations

import psycopg
import structlog

from delayed_daemon.store.failures import Remedy, classify
from delayed_daemon.store.upkeep import Upkeep

log = structlog.get_logger()

_BATCH = 1000


class Retention:
    """Failed jobs are kept for ``keep_seconds``, for ever when it is None."""

    def __init__(self, keep_seconds: float | None) -> None:
        self._keep_seconds = keep_seconds
        self._refused = False

    def prune(self, upkeep: Upkeep) -> None:
        """Delete one batch at most. Rows that others refer to are said once, and keep maintenance from nothing."""
        if self._keep_seconds is None:
            return
        try:
            count = upkeep.prune(self._keep_seconds, _BATCH)
        except psycopg.Error as error:
            if classify(error) is not Remedy.BAD_ROW:
                raise
            if not self._refused:
                log.error("jobs.not_pruned", error=str(error))
            self._refused = True
            return
        self._refused = False
        if count:
            log.info("jobs.pruned", count=count)
