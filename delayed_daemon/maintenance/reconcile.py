"""Rows locked by this daemon that none of its workers knows of: a claim whose reply was lost, or came too late."""

from __future__ import annotations

import psycopg
import structlog

from delayed_daemon.host.scoreboard import Scoreboard
from delayed_daemon.host.slot import Slot
from delayed_daemon.store.failures import Remedy, classify
from delayed_daemon.store.queue import JobQueue
from delayed_daemon.store.upkeep import Upkeep

log = structlog.get_logger()


def reconcile(board: Scoreboard, daemon: str, queue: JobQueue, upkeep: Upkeep) -> int:
    """Release lost rows; how many. The table is read before the scoreboard, so that no row under way looks lost."""
    locked = upkeep.locked_under(f"{daemon}/{board.holder.hex}/")
    lost = [(job_id, token) for job_id, token in locked if _is_lost(board, job_id, token)]
    released = _release(queue, lost) if lost else 0
    if released:
        log.warning("claims.reconciled", released=released, ids=[job_id for job_id, _ in lost[:20]])
    return released


def _release(queue: JobQueue, lost: list[tuple[int, str]]) -> int:
    """A row that refuses to be written (job.not_written) stays as it is and holds up none of the others."""
    try:
        return queue.release(lost)
    except psycopg.Error as error:
        if classify(error) is not Remedy.BAD_ROW:
            raise
    if len(lost) == 1:
        return 0
    middle = len(lost) // 2
    return _release(queue, lost[:middle]) + _release(queue, lost[middle:])


def _is_lost(board: Scoreboard, job_id: int, token: str) -> bool:
    generation, claim = (int(part) for part in token.split("/")[2:4])
    slot = next((slot for slot in board.slots if slot.generation == generation), None)
    if slot is None:
        return True
    if not slot.alive:
        return slot.settled == generation
    return claim <= slot.claim_finished and not _is_known(slot, job_id, claim)


def _is_known(slot: Slot, job_id: int, claim: int) -> bool:
    """In the order in which a job moves on, so that one that moves meanwhile is seen at least once."""
    batch_claim, ids = slot.batch()
    if batch_claim == claim and job_id in ids:
        return True
    if any((execution.job_id, execution.claim) == (job_id, claim) for execution in slot.executions()):
        return True
    return (job_id, claim) in slot.ring()
