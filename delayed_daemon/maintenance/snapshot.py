"""How the daemon stands, for its row: what ``status`` shows from anywhere."""

from __future__ import annotations

from collections.abc import Callable

from delayed_daemon.host.clock import monotonic_ns
from delayed_daemon.host.scoreboard import Scoreboard
from delayed_daemon.host.slot import Slot, State


def snapshot(board: Scoreboard, rate: Callable[[], float]) -> dict[str, object]:
    """``{"workers": [...], "rate": jobs per second}``; times are seconds before the heartbeat it goes with."""
    now_ns = monotonic_ns()
    return {
        "rate": round(rate(), 1),
        "draining": bool(board.draining),
        "workers": [_worker(slot, now_ns) for slot in board.living() if slot.pid],
    }


def _worker(slot: Slot, now_ns: int) -> dict[str, object]:
    return {
        "number": slot.number,
        "pid": slot.pid,
        "generation": slot.generation,
        "state": State(slot.state).name.lower(),
        "performed": slot.performed,
        "failed": slot.failed,
        "executions": [
            {"job": execution.job_id, "since_seconds": round((now_ns - execution.started_ns) / 1e9, 3)}
            for execution in slot.executions()
        ],
    }
