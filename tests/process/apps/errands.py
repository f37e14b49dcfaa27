"""Jobs that show that a setting or a promise is kept; with $ERRANDS_GATE, the import waits for that file."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from chores import note

from delayed_daemon import WrongState

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


@dataclass
class LooksAtItself:
    """Tries, from a hook, what can be done to a job in hand."""

    ledger: str

    def before(self, job) -> None:
        refused = []
        for act in (lambda: job.reschedule(60), job.retry):
            try:
                act()
            except WrongState as error:
                refused.append(error.state)
        note(self.ledger, f"{job.state}-{job.reload().attempts}-{job.cancel()}-{'-'.join(refused)}")

    def perform(self) -> None:
        pass
