"""An attempt, as delayed_job makes it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime

from delayed_daemon.execution.attempt import Attempts
from delayed_daemon.job import Job
from delayed_daemon.payload import Trust, dump, load
from tests.client.letters import Letter


class Unlimited:
    def armed(self, deadline_ns: int, limit_seconds: float) -> AbstractContextManager[None]:
        return nullcontext()

    def restore(self) -> list[str]:
        return []


def test_each_attempt_reads_the_handler_anew() -> None:
    trust = Trust(["tests.client.letters"])
    attempts = Attempts(
        lambda handler: load(handler, trust),
        lambda: datetime.now(UTC),
        Unlimited(),
        max_attempts=3,
        max_run_time=60.0,
    )
    job = Job(None, id=1, handler=dump(Letter("a")))
    payloads = []
    for _ in range(2):
        attempts.make(job, lambda _seconds: 0)
        payloads.append(job.payload)
    assert payloads[0] == payloads[1] == Letter("a")
    assert payloads[0] is not payloads[1]
