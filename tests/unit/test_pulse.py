"""The heartbeat: a lapsed lease makes a new daemon of this one."""

from __future__ import annotations

import uuid
from types import SimpleNamespace

from delayed_daemon.host.premises import Premises
from delayed_daemon.maintenance.pulse import Pulse
from delayed_daemon.store.upkeep import Heartbeat


class OneLease:
    """Answers heartbeats of the holders that are registered and not lapsed."""

    def __init__(self) -> None:
        self.live: list[uuid.UUID] = []

    def heartbeat(self, holder, snapshot, idle):
        return Heartbeat(0.0) if holder in self.live else None


def test_a_lapsed_lease_registers_under_a_new_uuid_and_a_standing_one_does_not():
    premises, upkeep = Premises(1), OneLease()
    pulse = Pulse(
        premises, SimpleNamespace(upkeep=upkeep), lambda upkeep, holder: upkeep.live.append(holder), dict, 30.0
    )
    pulse.beat()
    first = premises.board.holder
    pulse.beat()
    assert premises.board.holder == first
    upkeep.live.clear()
    pulse.beat()
    assert premises.board.holder != first
    assert upkeep.live == [premises.board.holder]
