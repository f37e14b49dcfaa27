"""Sending the rows, by whichever connection; the jobs get what the database answers."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.pq import PipelineStatus, TransactionStatus
from psycopg.rows import tuple_row

from delayed_daemon.client.answers import tables_expected, wake_for
from delayed_daemon.client.configuration import configuration
from delayed_daemon.client.connections import AnyConnection
from delayed_daemon.client.handle import Job
from delayed_daemon.store.copying import Copy
from delayed_daemon.store.enqueue import NewJob, Request, Wake, enqueue_request
from delayed_daemon.store.moments import from_epoch

Step = Request | Copy

_LINE = re.compile(r"COPY delayed_jobs\D+(\d+)")


def ends_transactions(connection: AnyConnection) -> bool:
    """Whether what is sent now is committed at once, so that a transaction begun here may be ended here."""
    return connection.autocommit and connection.info.transaction_status is TransactionStatus.IDLE


def can_copy(connection: AnyConnection) -> bool:
    """Not in a pipeline."""
    return connection.pgconn.pipeline_status == PipelineStatus.OFF


def insert(connection: psycopg.Connection[Any], job: Job, new: NewJob) -> None:
    send(connection, _insertion(job, new, wake_for(connection)))


async def insert_async(connection: psycopg.AsyncConnection[Any], job: Job, new: NewJob) -> None:
    await send_async(connection, _insertion(job, new, wake_for(connection)))


def send(connection: psycopg.Connection[Any], steps: Generator[Step, Any, None]) -> None:
    """Take the steps of an insertion."""
    with _errors_explained(), connection.cursor(row_factory=tuple_row) as cursor:
        answer: Any = None
        while (step := _next(steps, answer)) is not None:
            if isinstance(step, Request):
                answer = cursor.execute(step.statement, step.parameters).fetchall()
                continue
            with cursor.copy(step.statement) as copy:
                for block in step.blocks:
                    copy.write(block)


async def send_async(connection: psycopg.AsyncConnection[Any], steps: Generator[Step, Any, None]) -> None:
    """As `send`."""
    with _errors_explained():
        async with connection.cursor(row_factory=tuple_row) as cursor:
            answer: Any = None
            while (step := _next(steps, answer)) is not None:
                if isinstance(step, Request):
                    await cursor.execute(step.statement, step.parameters)
                    answer = await cursor.fetchall()
                    continue
                async with cursor.copy(step.statement) as copy:
                    for block in step.blocks:
                        await copy.write(block)


def number(jobs: list[Job], rows: Iterable[tuple[Any, ...]]) -> None:
    """Hand each job its row's id and times."""
    last, moment = None, None
    for job, (job_id, run_at, expires_at) in zip(jobs, rows, strict=True):
        job.id = job_id
        if run_at != last:
            last, moment = run_at, from_epoch(run_at)
        job.run_at = moment
        if expires_at is not None:
            job.expires_at = from_epoch(expires_at)


def _insertion(job: Job, new: NewJob, wake: Wake) -> Generator[Step, Any, None]:
    number([job], (yield enqueue_request(configuration.current.schema, new, wake)))


def _next(steps: Generator[Step, Any, None], answer: Any) -> Step | None:
    try:
        return steps.send(answer)
    except StopIteration:
        return None


@contextmanager
def _errors_explained() -> Iterator[None]:
    with tables_expected():
        try:
            yield
        except psycopg.Error as error:
            if line := _LINE.search(error.diag.context or ""):
                error.add_note(f"enqueue_many: item {int(line[1]) - 1}; nothing was enqueued")
            raise
