"""With delay_jobs off, or a predicate that says so: performed by the caller, through the same hooks, without a row."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from delayed_daemon import (
    InvalidJob,
    Job,
    SerializationError,
    UnknownJobClass,
    aenqueue,
    aenqueue_many,
    configure,
    delay,
    enqueue,
    enqueue_many,
    send_later,
)
from delayed_daemon.client.configuration import configuration
from delayed_daemon.errors import InvalidOptions
from tests.client.letters import Letter
from tests.servers import Database

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
CALLS: list[str] = []


@dataclass
class Recorded:
    """Writes down its hooks, and raises in those that it is told to."""

    raising: list[str] = field(default_factory=list)
    max_run_time: float = 0.001
    max_attempts: int = 1

    def enqueue(self, job: Job) -> None:
        self._note("enqueue")

    def before(self, job: Job) -> None:
        self._note("before")

    def perform(self) -> str:
        self._note("perform")
        return "the result"

    def success(self, job: Job) -> None:
        self._note("success")

    def error(self, job: Job, error: BaseException) -> None:
        self._note("error")

    def after(self, job: Job) -> None:
        self._note("after")

    def failure(self, job: Job) -> None:
        self._note("failure")

    def _note(self, name: str) -> None:
        CALLS.append(name)
        if name in self.raising:
            raise LookupError(f"in {name}")


@dataclass
class Remark:
    text: str

    def perform(self) -> None:
        CALLS.append(f"{self.text} {os.getpid()}")


class Press:
    def print_out(self, copies: int) -> str:
        CALLS.append(f"copies-{copies}")
        return "printed"


@pytest.fixture(autouse=True)
def off() -> Iterator[None]:
    """No database is asked for anything."""
    CALLS.clear()
    configure(database_url=NOWHERE, delay_jobs=False)
    yield
    configure(database_url=NOWHERE)


def test_a_job_is_performed_by_the_caller_and_a_job_without_id_comes_back_instead_of_its_result():
    job = enqueue(Recorded(), run_at=3600, queue="post", priority=3)
    assert CALLS == ["enqueue", "before", "perform", "success", "after"]
    assert (type(job), job.id, job.queue, job.priority, job.state) == (Job, None, "post", 3, "gone")


@pytest.mark.parametrize(
    ("raising", "calls"),
    [
        (["enqueue"], "enqueue"),
        (["before"], "enqueue before error after"),
        (["perform"], "enqueue before perform error after"),
        (["success"], "enqueue before perform success error after"),
        (["after"], "enqueue before perform success after"),
    ],
)
def test_what_a_hook_or_the_job_raises_goes_on_to_the_caller(raising: list[str], calls: str):
    with pytest.raises(LookupError, match=f"in {raising[-1]}"):
        enqueue(Recorded(raising))
    assert calls.split() == CALLS


def test_calls_are_performed_at_once_too():
    assert type(send_later(Press(), "print_out", 2)) is Job
    assert type(delay(Press(), queue="post").print_out(copies=3)) is Job
    assert CALLS == ["copies-2", "copies-3"]


def test_wrong_calls_and_options_and_what_cannot_be_stored_are_errors_as_with_a_table():
    for wrong in (lambda: delay(Press()).print_out(), lambda: delay(Press()).burn(), lambda: enqueue(Press())):
        with pytest.raises(InvalidJob):
            wrong()
    with pytest.raises(InvalidJob, match="queue"):
        enqueue(Letter("a"), queue="a b")
    with pytest.raises(SerializationError, match="text"):
        enqueue(Letter(object()))  # type: ignore[arg-type]
    assert CALLS == []


def test_the_job_is_read_back_from_its_handler_as_a_worker_would():
    given = Remark("a")
    job = enqueue(given)
    assert [f"a {os.getpid()}"] == CALLS
    assert job.payload is not given
    assert job.payload == given


def test_a_class_outside_of_the_application_s_modules_is_unknown_as_it_would_be_to_a_worker():
    configure(database_url=NOWHERE, delay_jobs=False, app=["delayed_daemon.job"])
    with pytest.raises(UnknownJobClass, match="not trusted"):
        enqueue(Letter("a"))


def test_the_caller_s_alarm_is_its_own():
    handler, (seconds, _) = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
    enqueue(Recorded())
    assert signal.getsignal(signal.SIGALRM) is handler
    assert seconds - 60 < signal.getitimer(signal.ITIMER_REAL)[0] <= seconds


def test_each_of_many_is_performed_in_order_and_an_error_leaves_the_rest():
    jobs = enqueue_many([Remark("a"), Remark("b")])
    assert ([call.split()[0] for call in CALLS], [job.id for job in jobs]) == (["a", "b"], [None, None])
    with pytest.raises(LookupError):
        enqueue_many([Recorded(["perform"]), Remark("c")])
    assert not any(call.startswith("c") for call in CALLS)


@dataclass
class Patient:
    """Gives its turn away before it ends."""

    max_run_time: float = 0.001

    async def perform(self) -> None:
        await asyncio.sleep(0.01)
        CALLS.append("awaited")


def test_a_coroutine_is_awaited_without_a_deadline() -> None:
    enqueue(Patient())
    asyncio.run(_enqueue_in_a_loop())
    assert CALLS == ["awaited", "awaited"]


async def _enqueue_in_a_loop() -> None:
    await aenqueue(Patient())


def test_an_event_loop_s_jobs_are_performed_at_once():
    async def work() -> None:
        assert (await aenqueue(Remark("a"))).id is None
        assert len(await aenqueue_many([Remark("b"), Remark("c")])) == 2
        with pytest.raises(LookupError, match="in perform"):
            await aenqueue(Recorded(["perform"]))

    asyncio.run(work())
    assert [call.split()[0] for call in CALLS[:3]] == ["a", "b", "c"]


def test_a_predicate_decides_for_each_job(table: Database):
    seen: list[Any] = []

    def is_slow(job: Job) -> bool:
        seen.append((type(job), job.queue))
        return job.queue == "slow"

    configure(database_url=table.url, schema=table.schema, delay_jobs=is_slow)
    assert enqueue(Remark("now")).id is None
    assert enqueue(Remark("later"), queue="slow").id is not None
    assert seen == [(Job, "default"), (Job, "slow")]
    assert len(CALLS) == 1
    configure(database_url=table.url, schema=table.schema, delay_jobs=lambda job: "later" in job.handler)
    jobs = enqueue_many([Remark("later"), Remark("now"), Remark("later")])
    assert [job.id is None for job in jobs] == [False, True, False]
    row = table.connect().execute("SELECT count(*) FROM delayed_jobs").fetchone()
    assert (row, len(CALLS)) == ((3,), 2)


@pytest.mark.parametrize("delays", [True, False])
def test_a_predicate_may_take_nothing(table: Database, delays: bool):
    configure(database_url=table.url, schema=table.schema, delay_jobs=lambda: delays)
    assert (enqueue(Remark("a")).id is not None) is delays


def test_a_predicate_that_takes_too_much_is_refused_at_once():
    with pytest.raises(InvalidOptions, match=r"delay_jobs: .* must take one argument"):
        configure(database_url=NOWHERE, delay_jobs=lambda job, more: True)
    assert configuration.delays(Job(None)) is False


def test_the_environment_turns_it_off_and_the_command_line_s_enqueue_does_not_ask(table: Database):
    env = {
        **os.environ,
        "DATABASE_URL": table.url,
        "DELAYED_DAEMON_SCHEMA": table.schema,
        "DELAYED_DAEMON_DELAY_JOBS": "no",
    }

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=Path(__file__).parents[2],
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    program = (
        "from delayed_daemon import enqueue; from tests.client.letters import Letter; print(enqueue(Letter('a')).id)"
    )
    assert run("-c", program) == "None\n"
    name = "tests.client.letters.Letter"
    assert int(run("-m", "delayed_daemon", "enqueue", "--app", "tests.client.letters", name, '{"text": "b"}')) > 0
