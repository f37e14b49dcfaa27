"""Without a supervisor: see the workers out, so that nothing of a killed daemon stays behind."""

from __future__ import annotations

import structlog

from delayed_daemon.host import processes
from delayed_daemon.host.clock import monotonic_ns
from delayed_daemon.host.premises import Premises
from delayed_daemon.host.slot import Ending, Slot

log = structlog.get_logger()


class Bereaved:
    """Takes over the supervisor's part of the scoreboard. Workers drain by themselves when it dies;
    those that do not within ``timeout`` seconds are killed. They are not our children: whether one
    lives, the process table says."""

    def __init__(self, premises: Premises, timeout: float, now: float) -> None:
        self._board = premises.board
        self._until = now + timeout
        log.error("supervisor.died", consequence="workers finish their jobs and leave", timeout=timeout)

    def see_out(self, now: float) -> bool:
        """Note who has left, kill who is late; whether all have left."""
        for slot in list(self._board.living()):
            if slot.pid == 0 or not processes.is_running(slot.pid):
                self._note_end(slot)
            elif now >= self._until:
                slot.ending = Ending.SHUTDOWN
                processes.kill_group(slot.pid)
        return not any(self._board.living())

    def _note_end(self, slot: Slot) -> None:
        slot.ending = Ending.SHUTDOWN
        slot.ended_ns = monotonic_ns()
        slot.ended = 1
