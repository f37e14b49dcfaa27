"""Jobs that show that a setting or a promise is kept; with $ERRANDS_GATE, the import waits for that file."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from chores import note

if gate := os.environ.get("ERRANDS_GATE"):
    while not Path(gate).exists():
        time.sleep(0.01)


@dataclass
class Endless:
    """Runs until it is interrupted, and says nothing about its own limits."""

    ledger: str

    def perform(self) -> None:
        note(self.ledger, "endless")
        while True:
            time.sleep(0.05)


@dataclass
class Stubborn:
    """Fails at once and is due again at once, and says nothing about its own limits."""

    ledger: str

    def perform(self) -> None:
        note(self.ledger, "stubborn")
        raise ValueError("never")

    def reschedule_at(self, now, attempts):
        return 0


@dataclass
class Named:
    name: str
    fails: bool = False
    max_attempts: int = 1

    def perform(self) -> None:
        if self.fails:
            raise ValueError("no")

    def display_name(self) -> str:
        return f"errand for {self.name}"


@dataclass
class LeavesThread:
    """Starts a thread that outlives the job."""

    ledger: str

    def perform(self) -> None:
        note(self.ledger, "left")
        threading.Thread(target=threading.Event().wait, name="left-behind", daemon=True).start()


class Office:
    title = "office"

    @classmethod
    def open(cls, ledger: str) -> None:
        note(ledger, f"open-{cls.title}")

    @staticmethod
    def close(ledger: str, *, hour: int) -> None:
        note(ledger, f"close-{hour}")


class Branch(Office):
    title = "branch"
