"""Waking idle workers: when a job is enqueued, and on time when one becomes due."""

from __future__ import annotations

from delayed_daemon.config import Config
from delayed_daemon.host.premises import Premises
from delayed_daemon.host.slot import State
from delayed_daemon.maintenance.ear import Ear
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

    def attend(self, upkeep: Upkeep, now: float, *, rung: bool) -> None:
        """Do what is due at ``now`` (monotonic, s); ``rung``: a worker went idle, or put a job off."""
        heard = self._ear.listen(now) if self._ear else 0
        for _ in range(min(heard, len(self._board.slots))):
            if not self.wake_one():
                break
        idle = any(slot.state == State.IDLE for slot in self._board.living())
        self._advertise(upkeep, idle, now)
        while self._look_at and self._look_at[0] <= now:
            self._look_at.pop(0)
            self.wake_one()
        if idle:
            self._keep_time(upkeep, now, urgent=rung or heard > 0)

    def wake_one(self) -> bool:
        """Wake an idle worker; whether there was one. The count comes first: who goes idle just now must see it."""
        self._board.wakes += 1
        for slot in self._board.living():
            if slot.state == State.IDLE:
                self._premises.worker_bells[slot.index].ring()
                return True
        return False

    def next_look(self, now: float) -> float:
        """Seconds until `attend` has something to do unasked."""
        moments = [now + self._period, *self._look_at[:1]]
        if self._due_at is not None:
            moments.append(self._due_at)
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
            self.wake_one()
        if not (is_due or since > self._period or (urgent and since > _LEAST_GAP_SECONDS)):
            return
        config = self._config
        lookback = min(since, self._period) + _LEAST_GAP_SECONDS if self._asked_at and not is_due else 0.0
        seconds = upkeep.next_due(config.queues, config.min_priority, config.max_priority, lookback)
        self._asked_at = now
        if seconds is not None and seconds <= 0:
            self.wake_one()
            seconds = _LEAST_GAP_SECONDS
        self._due_at = None if seconds is None else now + seconds
