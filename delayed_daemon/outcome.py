"""The result of one attempt, as a value that says what to write to the row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """An error fit for a row: no NUL, no surrogate, bounded. ``text`` is at most 64 KiB of UTF-8,
    ``summary`` one line of at most 500 characters for the history and the log."""

    text: str
    summary: str


@dataclass(frozen=True, slots=True)
class Completed:
    """Performed: the row goes."""


@dataclass(frozen=True, slots=True)
class Rescheduled:
    """This attempt failed, another follows: at ``run_at``, or that long from the database's now."""

    report: ErrorReport
    run_at: timedelta | datetime


@dataclass(frozen=True, slots=True)
class Failed:
    """No attempt is left, or none makes sense: the row stays, with its reason.

    ``attempted``: this time an attempt was made, which counts. ``earlier``: the reason of the last one stands.
    """

    report: ErrorReport
    attempted: bool = True
    earlier: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """The class is not here: the row waits, unharmed, and no attempt is counted."""

    reason: str


@dataclass(frozen=True, slots=True)
class Released:
    """Given back without counting the attempt."""


Outcome = Completed | Rescheduled | Failed | Held | Released

COMPLETED = Completed()
RELEASED = Released()
