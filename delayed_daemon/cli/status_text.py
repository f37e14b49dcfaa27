"""The overview as tables for people."""

from __future__ import annotations

from collections.abc import Iterator

from delayed_daemon.cli.snapshot import Execution, Worker, rate_in, workers_in
from delayed_daemon.cli.table import table
from delayed_daemon.store.overview import DaemonStatus, JobCounts, Overview

_DAEMON = ("DAEMON", "HOST", "PID", "STATE", "UP", "WORKERS", "JOBS/S", "QUEUES", "PRIORITIES", "VERSION")
_WORKER = ("DAEMON", "WORKER", "PID", "STATE", "PERFORMED", "FAILED", "JOB", "NAME", "FOR")
_QUEUE = ("QUEUE", "READY", "SCHEDULED", "LOCKED", "FAILED", "HELD", "OLDEST READY")
_NOTHING = Execution(None, None, None)


def lines(overview: Overview) -> Iterator[str]:
    """Daemons, their workers, and the queues; a sentence where there is none."""
    if overview.daemons:
        yield from table(_DAEMON, [_daemon(daemon) for daemon in overview.daemons])
    else:
        yield "No daemon runs on this database."
    workers = [row for daemon in overview.daemons for row in _workers(daemon)]
    if workers:
        yield ""
        yield from table(_WORKER, workers)
    yield ""
    if overview.queues:
        yield from table(_QUEUE, [*_queues(overview.queues), _queue("(all)", overview.total)])
    else:
        yield "No jobs."


def age(seconds: float) -> str:
    """A length of time in its two largest units, as people read it."""
    if seconds < 60:
        return f"{max(seconds, 0.0):.1f}s" if seconds < 10 else f"{int(seconds)}s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d {hours}h"
    return f"{hours}h {minutes}m" if hours else f"{minutes}m {rest}s"


def _daemon(daemon: DaemonStatus) -> tuple[object, ...]:
    state = f"lapsed, silent for {age(daemon.heartbeat_age_seconds)}" if daemon.lapsed else "alive"
    return (
        daemon.name,
        daemon.host,
        daemon.pid,
        state,
        age(daemon.uptime_seconds),
        daemon.workers,
        rate_in(daemon.snapshot),
        ",".join(daemon.queues) or "all",
        _priorities(daemon),
        daemon.version,
    )


def _priorities(daemon: DaemonStatus) -> str:
    least, most = daemon.min_priority, daemon.max_priority
    if least is None and most is None:
        return "all"
    return f"{'' if least is None else least}..{'' if most is None else most}"


def _workers(daemon: DaemonStatus) -> Iterator[tuple[object, ...]]:
    for worker in workers_in(daemon.snapshot):
        for execution in worker.executions or [_NOTHING]:
            yield daemon.name, *_worker(worker, execution)


def _worker(worker: Worker, execution: Execution) -> tuple[object, ...]:
    since = None if execution.since_seconds is None else age(execution.since_seconds)
    return (
        worker.number,
        worker.pid,
        worker.state,
        worker.performed,
        worker.failed,
        execution.job,
        execution.name,
        since,
    )


def _queues(queues: dict[str, JobCounts]) -> Iterator[tuple[object, ...]]:
    for name, counts in queues.items():
        yield _queue(name, counts)


def _queue(name: str, counts: JobCounts) -> tuple[object, ...]:
    oldest = None if counts.oldest_ready_seconds is None else age(counts.oldest_ready_seconds)
    return name, counts.ready, counts.scheduled, counts.locked, counts.failed, counts.held, oldest
