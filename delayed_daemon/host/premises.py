"""What all processes of one daemon inherit from its supervisor, made before the first fork."""

from __future__ import annotations

from delayed_daemon.host.doorbell import Doorbell, Lifeline
from delayed_daemon.host.scoreboard import Scoreboard


class Premises:
    """The scoreboard, a doorbell for everyone, and the lifeline to the supervisor."""

    def __init__(self, slots: int) -> None:
        self.board = Scoreboard(slots)
        self.lifeline = Lifeline()
        self.supervisor_bell = Doorbell()
        self.maintenance_bell = Doorbell()
        self.worker_bells = [Doorbell() for _ in range(slots)]
