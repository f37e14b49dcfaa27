"""What all processes of one daemon inherit from its supervisor, made before the first fork."""

from __future__ import annotations

from delayed_daemon.host.doorbell import Doorbell, Lifeline
from delayed_daemon.host.processes import make_room_for_descriptors
from delayed_daemon.host.scoreboard import Scoreboard

_OTHER_DESCRIPTORS = 128
"""Beside the doorbells: what a process of the daemon opens itself, and some for the application."""


class Premises:
    """The scoreboard, a doorbell for everyone, and the lifeline to the supervisor. CannotStart without room."""

    def __init__(self, slots: int) -> None:
        make_room_for_descriptors(2 * slots + _OTHER_DESCRIPTORS)
        self.board = Scoreboard(slots)
        self.lifeline = Lifeline()
        self.supervisor_bell = Doorbell()
        self.maintenance_bell = Doorbell()
        self.worker_bells = [Doorbell() for _ in range(slots)]
