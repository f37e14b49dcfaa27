"""Waking idle workers: when a job is enqueued, and on time when one becomes due."""

from __future__ import annotations

from delayed_daemon.config import Config
from delayed_daemon.host.premises import Premises
from delayed_daemon.host.slot import Slot, State
from delayed_daemon.maintenance.ear import Call, Ear
from delayed_daemon.store.upkeep import Upkeep

_LOOK_AGAIN_SECONDS = (0.0, 0.1, 1.0)
"""After the daemon's row says that a worker is idle: whoever enqueued just before did not see it, and sent nothing."""
_BUSY_FOR_SECONDS = 1.0
"""How long all workers are busy before the daemon's row says so: it is not written at each job."""
_LEAST_GAP_SECONDS = 0.02


class WakeUps:
    """Keeps the daemon's row true about idle workers, listens, and keeps the time of the next due job."""

    def __init__(self, premises: Premises, config: Config, ear: Ear | None) -> None:
        self._premises = premises
        self._board = premises.board
        self._config = config
        self._ear = ear
        self._period = config.lease / 6
        self._idle_at = 0.0
        self._look_at: list[float] = []
        self._due_at: float | None = None
        self._asked_at = 0.0
        self._anyone_idle = False

    def attend(self, upkeep: Upkeep, now: float, *, rung: bool) -> None:
        """Do what is due at ``now`` (monotonic, s); ``rung``: a worker went idle, or put a job off."""
        heard = self._ear.listen(now) if self._ear else []
        self._wake_for(heard)
        self._anyone_idle = idle = any(slot.state == State.IDLE for slot in self._board.living())
        self._advertise(upkeep, idle, now)
        while self._look_at and self._look_at[0] <= now:
            self._look_at.pop(0)
            self.wake_all_pools()
        if idle:
            self._keep_time(upkeep, now, urgent=rung or bool(heard))

    def wake_all_pools(self) -> None:
        """Wake an idle worker of every pool. The count comes first: who goes idle just now must see it."""
        self._board.wakes += 1
        woken: set[int] = set()
        for slot in self._idle():
            if slot.pool not in woken:
                woken.add(slot.pool)
                self._premises.worker_bells[slot.index].ring()

    def next_look(self, now: float) -> float:
        """Seconds until `attend` has something to do unasked."""
        moments = [now + self._period, *self._look_at[:1]]
        if self._due_at is not None and (self._anyone_idle or self._due_at > now):
            moments.append(self._due_at)  # once it is past, busy workers find the job when they look next
        if self._board.advertised:
            moments.append(now + _BUSY_FOR_SECONDS)
        waits = [moment - now for moment in moments]
        if self._ear is not None:
            waits.append(self._ear.next_look(now))
        return max(0.0, min(waits))

    def fileno(self) -> int | None:
        return self._ear.fileno() if self._ear is not None else None

    def close(self) -> None:
        if self._ear is not None:
            self._ear.close()

    def _wake_for(self, calls: list[Call]) -> None:
        """Wake for each call an idle worker of a pool that it concerns, as long as there are any."""
        if not calls:
            return
        self._board.wakes += 1
        idle = self._idle()
        for call in calls:
            able = next((slot for slot in idle if call.concerns(self._config.pools[slot.pool])), None)
            if able is not None:
                idle.remove(able)
                self._premises.worker_bells[able.index].ring()
            if not idle:
                return

    def _idle(self) -> list[Slot]:
        return [slot for slot in self._board.living() if slot.state == State.IDLE]

    def _advertise(self, upkeep: Upkeep, idle: bool, now: float) -> None:
        if idle:
            self._idle_at = now
        if self._ear is None:
            return
        if idle and not self._board.advertised:
            upkeep.advertise(self._board.holder, True)
            self._board.advertised = 1
            self._look_at = [now + seconds for seconds in _LOOK_AGAIN_SECONDS]
        elif self._board.advertised and now - self._idle_at > _BUSY_FOR_SECONDS:
            self._board.advertised = 0
            upkeep.advertise(self._board.holder, False)

    def _keep_time(self, upkeep: Upkeep, now: float, *, urgent: bool) -> None:
        """Wake a worker for a job that became due, and ask when the next one will."""
        since = now - self._asked_at
        is_due = self._due_at is not None and self._due_at <= now
        if is_due:
            self.wake_all_pools()
        if not (is_due or since > self._period or (urgent and since > _LEAST_GAP_SECONDS)):
            return
        lookback = min(since, self._period) + _LEAST_GAP_SECONDS if self._asked_at and not is_due else 0.0
        waits = [
            upkeep.next_due(pool.queues, pool.min_priority, pool.max_priority, lookback) for pool in self._config.pools
        ]
        seconds = min((wait for wait in waits if wait is not None), default=None)
        self._asked_at = now
        if seconds is not None and seconds <= 0:
            self.wake_all_pools()
            seconds = _LEAST_GAP_SECONDS
        self._due_at = None if seconds is None else now + seconds
