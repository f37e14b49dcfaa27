"""With ``delay_jobs`` off: jobs are performed where they are enqueued, and have no row."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from functools import partial

from delayed_daemon.aliases import Aliases
from delayed_daemon.client.configuration import configuration
from delayed_daemon.client.handle import Job
from delayed_daemon.execution.attempt import Attempts
from delayed_daemon.job import name_in
from delayed_daemon.payload import Trust, load


class NoAlarm:
    """Limits no job: SIGALRM is the application's own in its process."""

    def armed(self, _deadline_ns: int, _limit_seconds: float) -> AbstractContextManager[None]:
        return nullcontext()

    def restore(self) -> list[str]:
        return []


def perform_inline(jobs: Iterable[Job]) -> None:
    """Perform each from its handler, as a worker would, but once; what one raises goes on, and the rest is left."""
    config = configuration.current
    for job in jobs:
        own = () if config.app or config.allow else (_package(job.handler),)
        trust = Trust((*config.app, *config.allow, *own), aliases=Aliases(config.aliases))
        Attempts(
            partial(load, trust=trust),
            lambda: datetime.now(UTC),
            NoAlarm(),
            max_attempts=config.max_attempts,
            max_run_time=config.max_run_time,
        ).make_inline(job)
        job.state = "gone"


async def perform_inline_async(jobs: list[Job]) -> None:
    """As `perform_inline`, in a thread, while the event loop goes on."""
    if jobs:
        await asyncio.to_thread(perform_inline, jobs)


def _package(handler: str) -> str:
    """An application that has named no modules trusts, for this one job, the package that it comes from."""
    return name_in(handler).partition(".")[0]
