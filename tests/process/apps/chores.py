"""Jobs that leave traces: each appends lines ``name pid`` to a ledger file."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

from delayed_daemon import enqueue


def note(ledger: str, line: str) -> None:
    with Path(ledger).open("a") as book:
        book.write(f"{line} {os.getpid()}\n")


@dataclass
class Note:
    ledger: str
    line: str

    def perform(self) -> None:
        note(self.ledger, self.line)


@dataclass
class TellsFailure(Note):
    def failure(self) -> None:
        note(self.ledger, f"failure-{self.line}")


@dataclass
class Nothing:
    number: int

    def perform(self) -> None:
        pass


@dataclass
class Gate:
    """Begins, waits until the file ``gate`` is there, ends."""

    ledger: str
    line: str
    gate: str
    fails: bool = False
    max_attempts: int | None = None
    max_run_time: float | None = None

    def perform(self) -> None:
        note(self.ledger, f"begin-{self.line}")
        while not Path(self.gate).exists():
            time.sleep(0.01)
        note(self.ledger, f"end-{self.line}")
        if self.fails:
            raise ValueError("as asked")


@dataclass
class Pause:
    ledger: str
    line: str
    seconds: float

    def perform(self) -> None:
        note(self.ledger, self.line)
        time.sleep(self.seconds)


@dataclass
class Fail:
    text: str
    max_attempts: int = 25

    def perform(self) -> None:
        raise ValueError(self.text)


@dataclass
class FailThenWork:
    """Fails until it was tried ``failures`` times, and is tried again at once."""

    ledger: str
    line: str
    failures: int
    seen: list[int] = field(default_factory=list)

    def before(self, job) -> None:
        self.seen.append(job.attempts)

    def perform(self) -> None:
        note(self.ledger, f"{self.line}-{self.seen[-1]}")
        if self.seen[-1] < self.failures:
            raise ValueError("not yet")

    def reschedule_at(self, now, attempts):
        return 0


@dataclass
class Deadly:
    """Takes its worker down: by a signal, by ``os._exit``, or by a bad pointer."""

    ledger: str
    line: str
    how: str

    def perform(self) -> None:
        note(self.ledger, self.line)
        match self.how:
            case "exit":
                os._exit(0)
            case "pointer":
                ctypes.string_at(0)
            case name:
                os.kill(os.getpid(), getattr(signal, name))
                time.sleep(60)


@dataclass
class Raises:
    what: str
    max_attempts: int = 1

    def perform(self) -> None:
        raise {
            "SystemExit": SystemExit(3),
            "KeyboardInterrupt": KeyboardInterrupt(),
            "Garbage": ValueError("a\0b\ud800"),
        }[self.what]


@dataclass
class Overtime:
    """Runs past its ``max_run_time``; a stubborn one swallows what is raised in it."""

    ledger: str
    line: str
    max_run_time: float
    stubborn: bool = False
    max_attempts: int = 1

    def perform(self) -> None:
        note(self.ledger, self.line)
        while True:
            try:
                time.sleep(0.05)
            except BaseException:
                if not self.stubborn:
                    raise


@dataclass
class Forks:
    """Forks, and both processes return from ``perform``."""

    ledger: str
    line: str

    def perform(self) -> None:
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            note(self.ledger, self.line)


@dataclass
class LeavesChild:
    """Starts a process that outlives the job."""

    pid_file: str

    def perform(self) -> None:
        child = subprocess.Popen(["sleep", "300"])
        Path(self.pid_file).write_text(str(child.pid))
        child.returncode = 0


@dataclass
class Enqueues:
    ledger: str
    line: str

    def perform(self) -> None:
        enqueue(Note(self.ledger, self.line))


class Importer:
    def __init__(self, ledger: str) -> None:
        self.ledger = ledger

    def import_file(self, name: str, *, rows: int) -> None:
        note(self.ledger, f"{name}-{rows}")


def tidy(ledger: str) -> None:
    note(ledger, "tidied")


@dataclass
class LongAgo:
    """Wants its next try at a time that no calendar has."""

    def perform(self) -> None:
        raise ValueError("as asked")

    def reschedule_at(self, _now: datetime, _attempts: int) -> datetime:
        return datetime.max.replace(tzinfo=timezone(timedelta(hours=-23)))


@dataclass
class ForksWithHooks:
    """Its child returns from perform, too."""

    ledger: str
    fails: bool = False
    max_attempts: int = 1

    def perform(self) -> None:
        if child := os.fork():
            os.waitpid(child, 0)
        if self.fails:
            raise ValueError("as asked")

    def success(self) -> None:
        note(self.ledger, "success")

    def error(self) -> None:
        note(self.ledger, "error")

    def after(self) -> None:
        note(self.ledger, "after")

    def failure(self) -> None:
        note(self.ledger, "failure")
