"""All workers: who holds which post, who follows whom, who is leaving."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from delayed_daemon.backoff import Backoff
from delayed_daemon.host import processes
from delayed_daemon.host.clock import monotonic_ns
from delayed_daemon.host.premises import Premises
from delayed_daemon.host.slot import Ending, Renewal, Slot, State
from delayed_daemon.supervisor.nursery import Nursery

log = structlog.get_logger()

SETTLED_AFTER_SECONDS = 10.0
"""A worker that lived this long was no crash at the start: its post's backoff starts over."""


@dataclass(slots=True)
class Worker:
    """The supervisor's view of one worker process; ``pid`` is 0 until the fork was answered."""

    generation: int
    number: int
    slot: Slot
    asked_at: float
    pid: int = 0
    told_to_drain: bool = False
    outdated: bool = False

    @property
    def ready(self) -> bool:
        return self.pid != 0 and self.slot.state not in (State.VACANT, State.BOOTING)

    def drain(self) -> None:
        if self.pid and not self.told_to_drain:
            self.told_to_drain = True
            processes.tell(self.pid, signal.SIGTERM)

    def kill(self, why: Ending) -> None:
        self.slot.ending = why
        if self.pid:
            processes.kill_group(self.pid)


@dataclass(slots=True)
class Post:
    """One worker number of a pool: its holder, and the successor that takes over once it is ready."""

    number: int
    pool: int
    holder: Worker | None = None
    successor: Worker | None = None
    not_before: float = 0.0
    backoff: Backoff = field(default_factory=lambda: Backoff(0.1, 30.0))


class Fleet:
    """Staffs the posts of all pools, of which ``sizes`` has the number of workers, with workers from the nursery."""

    def __init__(self, sizes: Sequence[int], premises: Premises) -> None:
        self._premises = premises
        self._generation = 0
        pools = [pool for pool, size in enumerate(sizes) for _ in range(size)]
        self.posts = [Post(number, pool) for number, pool in enumerate(pools, start=1)]
        self.leaving: list[Worker] = []
        self._ended_early: dict[int, tuple[int, int]] = {}

    def workers(self) -> list[Worker]:
        held = [worker for post in self.posts for worker in (post.holder, post.successor) if worker]
        return held + self.leaving

    def fill(self, nursery: Nursery, now: float) -> None:
        """Ask for a worker where a post is empty or its holder is to be relieved; relieve whose successor is ready."""
        for post in self.posts:
            self._relieve(post)
            if now < post.not_before:
                continue
            if post.holder is None:
                post.holder = self._ask(nursery, post, now)
            elif post.successor is None and (post.holder.outdated or post.holder.slot.renewal != Renewal.NONE):
                post.successor = self._ask(nursery, post, now)

    def next_fill(self, now: float) -> float | None:
        """Seconds until an empty post may be filled again, None when none waits."""
        waits = [post.not_before - now for post in self.posts if post.not_before > now]
        return min(waits) if waits else None

    def born(self, generation: int, pid: int) -> Worker | None:
        """The fork was answered: let the worker go. The worker, if its end came before the answer; else None."""
        worker = next((worker for worker in self.workers() if worker.generation == generation), None)
        if worker is None:
            processes.kill_group(pid)
            return None
        worker.pid = pid
        worker.slot.pid = pid
        self._premises.worker_bells[worker.slot.index].ring()
        return self.ended(pid, *self._ended_early.pop(pid)) if pid in self._ended_early else None

    def stillborn(self, generation: int, why: str, now: float) -> None:
        """No worker came of it: free the slot and try again later."""
        log.error("worker.not_forked", generation=generation, error=why)
        for worker in [worker for worker in self.workers() if worker.generation == generation]:
            self._vacate(worker, 0, 0)
            worker.slot.settled = generation
            self._leave_post(worker, now, crashed=True)

    def abandon_unborn(self) -> None:
        """The fork server is gone with requests unanswered: whoever was not born will not be.

        One that was forked, and whose pid got lost, finds its slot ended when it is rung, and leaves.
        """
        for worker in [worker for worker in self.workers() if worker.pid == 0]:
            self._vacate(worker, 0, 0)
            worker.slot.settled = worker.generation
            self._premises.worker_bells[worker.slot.index].ring()
            self._remove(worker)

    def ended(self, pid: int, wait_status: int, peak_kib: int) -> Worker | None:
        """A child was reaped; the worker it was, or None for a stranger (or one not announced yet)."""
        worker = next((worker for worker in self.workers() if worker.pid == pid), None)
        if worker is None:
            self._ended_early[pid] = (wait_status, peak_kib)
            return None
        self._vacate(worker, wait_status, peak_kib)
        return worker

    def forget_strangers(self) -> None:
        """Nothing is asked for at present: reaped pids kept for a late answer were strangers."""
        if all(worker.pid for worker in self.workers()):
            self._ended_early.clear()

    def retire(self, worker: Worker, now: float, *, crashed: bool) -> None:
        self._leave_post(worker, now, crashed=crashed)

    def drain(self) -> None:
        """Tell everyone to finish and leave; whoever was told is not told again."""
        for worker in self.workers():
            worker.drain()

    def kill(self, why: Ending) -> None:
        for worker in self.workers():
            worker.kill(why)

    def outdate(self) -> None:
        """New code is loaded: everyone of the old is relieved, one post after the other."""
        for worker in self.workers():
            worker.outdated = True

    def _ask(self, nursery: Nursery, post: Post, now: float) -> Worker | None:
        slot = self._premises.board.free_slot()
        if slot is None:
            return None
        self._generation += 1
        slot.occupy(self._generation, post.number, post.pool)
        self._premises.worker_bells[slot.index].silence()
        nursery.ask(self._generation, slot.index)
        return Worker(self._generation, post.number, slot, now)

    def _relieve(self, post: Post) -> None:
        if post.holder and post.successor and post.successor.ready:
            post.holder.drain()
            self.leaving.append(post.holder)
            post.holder, post.successor = post.successor, None

    def _vacate(self, worker: Worker, wait_status: int, peak_kib: int) -> None:
        board, slot = self._premises.board, worker.slot
        board.performed_before += slot.performed
        board.failed_before += slot.failed
        board.busy_before_ns += slot.busy_ns
        if slot.ending != Ending.SHUTDOWN:
            board.failed_before += len(slot.unfinished())
        slot.wait_status = wait_status
        slot.peak_kib = peak_kib
        slot.ended_ns = monotonic_ns()
        slot.ended = 1
        self._premises.maintenance_bell.ring()

    def _leave_post(self, worker: Worker, now: float, *, crashed: bool) -> None:
        post = self._remove(worker)
        if post is None or not crashed:
            return
        if now - worker.asked_at > SETTLED_AFTER_SECONDS:
            post.backoff.reset()
        post.not_before = now + post.backoff.next()

    def _remove(self, worker: Worker) -> Post | None:
        for post in self.posts:
            if post.holder is worker:
                post.holder, post.successor = post.successor, None
                return post
            if post.successor is worker:
                post.successor = None
                return post
        if worker in self.leaving:
            self.leaving.remove(worker)
        return None
