"""Stand-ins for the two halves of the store: they keep what they were told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from delayed_daemon.outcome import ErrorReport
from delayed_daemon.store.queue import RefusedDeletion, Settlement
from delayed_daemon.store.upkeep import Heartbeat, Holder


class Table:
    """Locked rows by their token, fenced as in the database."""

    def __init__(self) -> None:
        self.locked: dict[tuple[int, str], None] = {}
        self.deleted: list[int] = []
        self.released: list[int] = []
        self.suspects: list[int] = []
        self.crashes: dict[int, tuple[ErrorReport, int, timedelta]] = {}
        self.failures: dict[int, ErrorReport] = {}
        self.undeletable: set[int] = set()
        self.calls: list[str] = []

    def lock(self, token: str, *ids: int) -> None:
        self.locked.update(dict.fromkeys((job_id, token) for job_id in ids))

    def settle(self, finished: Sequence[tuple[int, int]], worker_prefix: str) -> Settlement:
        self.calls.append("settle")
        held = [(job_id, n) for job_id, n in finished if (job_id, f"{worker_prefix}{n}") in self.locked]
        gone = [(job_id, n) for job_id, n in held if job_id not in self.undeletable]
        for job_id, n in gone:
            del self.locked[job_id, f"{worker_prefix}{n}"]
            self.deleted.append(job_id)
        return Settlement(len(gone), tuple(RefusedDeletion(*pair, "a trigger") for pair in held if pair not in gone))

    def release(self, claims: Iterable[tuple[int, str]], *, suspect: bool = False) -> int:
        self.calls.append("release")
        held = [claim for claim in claims if claim in self.locked]
        for claim in held:
            del self.locked[claim]
            (self.suspects if suspect else self.released).append(claim[0])
        return len(held)

    def fail(self, id: int, token: str, report: ErrorReport) -> bool:
        self.calls.append("fail")
        self.failures[id] = report
        return self.locked.pop((id, token), 0) is None

    def crash(self, id: int, token: str, report: ErrorReport, max_crashes: int, delay: timedelta) -> bool:
        self.calls.append("crash")
        self.crashes[id] = (report, max_crashes, delay)
        return self.locked.pop((id, token), 0) is None

    def release_range(self, prefix: str) -> list[int]:
        self.calls.append("release_range")
        held = [claim for claim in self.locked if claim[1].startswith(prefix)]
        for claim in held:
            del self.locked[claim]
            self.released.append(claim[0])
        return [job_id for job_id, _ in held]

    def locked_under(self, prefix: str) -> list[tuple[int, str]]:
        return [claim for claim in self.locked if claim[1].startswith(prefix)]


class Leases:
    """What the database says about daemons, and what it was asked to do about them."""

    def __init__(self) -> None:
        self.seen: list[Holder] = []
        self.jobs: dict[str, list[int]] = {}
        self.rescued: list[str] = []
        self.foreign: list[int] = []
        self.asked_foreign: list[tuple[float, int]] = []
        self.swept = 0
        self.advertised: list[bool] = []
        self.due: float | None = None
        self.looks: list[float] = []
        self.beats: list[UUID] = []
        self.lapsed = False

    def holders(self) -> list[Holder]:
        return list(self.seen)

    def rescue(self, prefix: str, daemon_id: UUID, max_crashes: int, limit: int = 1000) -> list[int]:
        self.rescued.append(prefix)
        jobs = self.jobs.get(prefix, [])
        taken, self.jobs[prefix] = jobs[:limit], jobs[limit:]
        return taken

    def rescue_foreign(self, older_than_seconds: float, max_crashes: int, limit: int = 1000) -> list[int]:
        self.asked_foreign.append((older_than_seconds, max_crashes))
        return self.foreign

    def forget_lapsed(self) -> int:
        self.swept += 1
        return 0

    def advertise(self, daemon_id: UUID, idle: bool) -> None:
        self.advertised.append(idle)

    def next_due(self, queues, min_priority, max_priority, lookback_seconds: float = 0.0) -> float | None:
        self.looks.append(lookback_seconds)
        return self.due

    def heartbeat(self, daemon_id: UUID, snapshot: dict[str, object], idle: bool) -> Heartbeat | None:
        self.beats.append(daemon_id)
        return None if self.lapsed else Heartbeat(1_700_000_000.0)
