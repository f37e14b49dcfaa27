"""Jobs that take memory, and keep it or not."""

from __future__ import annotations

import time
from dataclasses import dataclass

from chores import note

kept: list[bytearray] = []


def _allocated(mebibytes: int) -> bytearray:
    room = bytearray(mebibytes * 2**20)
    room[::4096] = b"x" * len(room[::4096])  # each page is written to: else it is none
    return room


@dataclass
class Keep:
    """Keeps so many MiB for the rest of the process's life."""

    ledger: str
    line: str
    mebibytes: int

    def perform(self) -> None:
        kept.append(_allocated(self.mebibytes))
        note(self.ledger, self.line)


@dataclass
class Eat:
    """Takes memory until somebody ends it, or 30 seconds are over."""

    ledger: str
    line: str
    mebibytes: int
    max_attempts: int = 25

    def perform(self) -> None:
        note(self.ledger, self.line)
        room = _allocated(self.mebibytes)
        time.sleep(30)
        note(self.ledger, f"survived-{self.line}-{len(room)}")
