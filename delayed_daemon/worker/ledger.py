"""What a worker owns, as its slot of the scoreboard shows it: claims, the job in hand, completions."""

from __future__ import annotations

import uuid

from delayed_daemon.host.scoreboard import Scoreboard
from delayed_daemon.host.slot import Execution, Slot

_MAIN_THREAD = 0


class Ledger:
    """Keeps the slot in step with the worker: each entry is made before the step that it announces.

    The daemon's ``name:pid``, the UUID of its start and this worker's generation make the prefix of every claim.
    """

    def __init__(self, board: Scoreboard, slot: Slot, daemon: str) -> None:
        self._board = board
        self._slot = slot
        self._daemon = daemon
        self.prefix = ""
        slot.executions_used = 1

    @property
    def holder_changed(self) -> bool:
        """The daemon was registered anew since the last claim."""
        return self._slot.holder != self._board.holder

    def adopt_holder(self) -> None:
        """Claim under the daemon's present UUID from here on. Everything claimed before must be settled."""
        holder: uuid.UUID = self._board.holder
        self._slot.holder = holder
        self.prefix = f"{self._daemon}/{holder.hex}/{self._slot.generation}/"

    def begin_claim(self) -> tuple[int, str]:
        """The number and the token of a new claim, never used before."""
        number = self._slot.claim_begun + 1
        self._slot.claim_begun = number
        return number, f"{self.prefix}{number}"

    def end_claim(self, number: int, ids: list[int]) -> None:
        """The reply is here, or is given up (no ids): from now on a row of this claim that is not here is lost."""
        self._slot.enter_batch(number, ids)
        self._slot.claim_finished = number

    def take_in_hand(self, execution: Execution) -> None:
        self._slot.take_in_hand(_MAIN_THREAD, execution)

    def put_down(self) -> None:
        self._slot.put_down(_MAIN_THREAD)

    def complete(self, job_id: int, claim: int) -> None:
        self._slot.enter_ring(job_id, claim)
        self._slot.put_down(_MAIN_THREAD)

    def unsettled(self) -> list[tuple[int, int]]:
        return self._slot.ring()

    def settled(self, entries: int) -> None:
        self._slot.ring_settled += entries

    @property
    def room(self) -> int:
        return self._slot.ring_room
