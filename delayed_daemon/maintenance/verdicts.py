"""The verdict on a dead worker: settle what it finished, fail what it had in hand, give back the rest."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import structlog

from delayed_daemon.execution.report import report_text, undeletable
from delayed_daemon.host.processes import how_it_ended
from delayed_daemon.host.slot import Ending, Execution, Slot
from delayed_daemon.outcome import ErrorReport
from delayed_daemon.retry import retry_delay
from delayed_daemon.store.failures import Remedy, classify
from delayed_daemon.store.queue import JobQueue
from delayed_daemon.store.upkeep import Upkeep

log = structlog.get_logger()


def pronounce(slot: Slot, daemon: str, queue: JobQueue, upkeep: Upkeep, max_crashes: int) -> None:
    """Settle the slot's dead worker, of the ``daemon`` (``name:pid``). Each step may be repeated: all are fenced."""
    generation = slot.generation
    if slot.claim_begun:
        _settle(slot, f"{daemon}/{slot.holder.hex}/{generation}/", queue, upkeep, max_crashes)
    slot.settled = generation


def _settle(slot: Slot, prefix: str, queue: JobQueue, upkeep: Upkeep, max_crashes: int) -> None:
    ring = slot.ring()
    settlement = queue.settle(ring, prefix)
    for refused in settlement.refused:
        queue.fail(refused.id, f"{prefix}{refused.claim}", undeletable(refused.error))
    settled = settlement.deleted
    in_hand = slot.unfinished()
    released: list[int] = []
    with _refusals_passed_over():
        if slot.ending != Ending.SHUTDOWN:
            _blame(slot, in_hand, prefix, queue, upkeep, max_crashes)
    with _refusals_passed_over():
        released = upkeep.release_range(prefix)
    if in_hand or settled or released:
        log.warning(
            "worker.settled",
            worker=slot.number,
            pid=slot.pid,
            how=how_it_ended(slot.wait_status),
            completed=settled,
            in_hand=[execution.job_id for execution in in_hand],
            released=len(released),
        )


@contextmanager
def _refusals_passed_over() -> Iterator[None]:
    """A row that refuses to be written does not keep the slot of its worker for ever: reconcile sees to the others."""
    try:
        yield
    except psycopg.Error as error:
        if classify(error) is not Remedy.BAD_ROW:
            raise
        log.error("jobs.not_released", error=str(error))


def _blame(
    slot: Slot, in_hand: list[Execution], prefix: str, queue: JobQueue, upkeep: Upkeep, max_crashes: int
) -> None:
    """One job in hand is to blame for the death; of several none can be: each runs alone next time."""
    if len(in_hand) == 1:
        execution = in_hand[0]
        token = f"{prefix}{execution.claim}"
        upkeep.crash(execution.job_id, token, _verdict(slot, execution), max_crashes, retry_delay(execution.attempts))
    elif in_hand:
        queue.release([(execution.job_id, f"{prefix}{execution.claim}") for execution in in_hand], suspect=True)


def _verdict(slot: Slot, execution: Execution) -> ErrorReport:
    seconds = max(0, slot.ended_ns - execution.started_ns) / 1e9
    if slot.ending == Ending.DEADLINE:
        limit = (execution.deadline_ns - execution.started_ns) / 1e9
        return report_text(
            f"exceeded max_run_time ({limit:g} s) and did not stop; its worker was killed after {seconds:.1f} s"
        )
    if slot.ending == Ending.MEMORY:
        excess, limit_kib = (round(kib / 1024) for kib in (slot.excess_kib, slot.limit_kib))
        return report_text(
            f"exceeded max_memory ({excess} MiB of {limit_kib} MiB); its worker was killed after {seconds:.1f} s"
        )
    how = how_it_ended(slot.wait_status)
    memory = f", peak memory {_size(slot.peak_kib)}" if slot.peak_kib else ""
    core = ", core dumped" if os.WCOREDUMP(slot.wait_status) else ""
    return report_text(f"worker {how}{core}{memory}, after {seconds:.1f} s")


def _size(kib: int) -> str:
    return f"{kib / 1024 / 1024:.1f} GB" if kib >= 1024 * 1024 else f"{kib / 1024:.0f} MB"
