"""What a worker does from its fork to its exit code."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from delayed_daemon.config import Config
from delayed_daemon.errors import CannotStart
from delayed_daemon.execution.attempt import Attempts
from delayed_daemon.execution.deadline import Deadline
from delayed_daemon.host import titles
from delayed_daemon.host.premises import Premises
from delayed_daemon.host.processes import private_kib
from delayed_daemon.host.slot import Slot, State
from delayed_daemon.job import Job
from delayed_daemon.payload import Trust, load
from delayed_daemon.store.connection import connect
from delayed_daemon.worker.books import Books
from delayed_daemon.worker.ledger import Ledger
from delayed_daemon.worker.quota import Quota
from delayed_daemon.worker.watch import Watch
from delayed_daemon.worker.wear import Wear
from delayed_daemon.worker.worker import Worker


def main(
    config: Config,
    premises: Premises,
    index: int,
    generation: int,
    daemon: str,
    job_class: type[Job],
    *,
    allowance: int | None = None,
    import_application: Callable[[], None] | None = None,
) -> int:
    """Be the worker of slot ``index``, forked as its ``generation``, of ``daemon`` (``name:pid``).

    The exit code: 0, or 3 when it cannot start. Hooks are given a ``job_class``.

    ``allowance`` bounds the jobs that all workers perform together, one at a time; ``import_application`` is
    given where the fork server has not imported it.
    """
    slot = premises.board.slots[index]
    watch = Watch(premises, slot, generation)
    if not watch.await_go():
        return 0
    queues = ",".join(config.pools[slot.pool].queues)
    titles.name_process(f"worker {slot.number}" + (f" ({queues})" if queues else ""))
    random.seed()
    try:
        if import_application is not None:
            import_application()
    except CannotStart as error:
        sys.stderr.write(f"delayed-daemon: {error}\n")
        return 3
    slot.baseline_kib = private_kib()
    assert config.database_url is not None
    open_books = partial(connect, config.database_url, application_name=f"delayed-daemon worker {slot.number}")
    Worker(
        config,
        premises,
        slot,
        watch,
        Books(open_books, config.schema, watch),
        Ledger(premises.board, slot, daemon),
        _attempts(config, premises),
        Quota(config.restart_after, _what_is_left(allowance, premises)),
        Wear(config.max_age, config.max_memory_growth, slot.baseline_kib),
        job_class,
    ).run()
    _leave(slot)
    return 0


def _attempts(config: Config, premises: Premises) -> Attempts:
    trust = Trust.configured(config)

    def now() -> datetime:
        return datetime.now(UTC) + timedelta(microseconds=premises.board.clock_offset_us)

    return Attempts(
        lambda handler: load(handler, trust),
        now,
        Deadline(),
        max_attempts=config.max_attempts,
        max_run_time=config.max_run_time,
    )


def _what_is_left(allowance: int | None, premises: Premises) -> int | None:
    if allowance is None:
        return None
    board = premises.board
    done = board.performed_before + board.failed_before + sum(slot.performed + slot.failed for slot in board.living())
    return max(0, allowance - done)


def _leave(slot: Slot) -> None:
    slot.private_kib = private_kib()
    slot.state = State.GONE
