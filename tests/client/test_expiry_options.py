"""``expires_at``: the forms it takes, the hook that sets it, and the order that it must keep with ``run_at``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from delayed_daemon import InvalidJob, Job, delay, enqueue, enqueue_many
from tests.client.letters import Letter
from tests.client.test_producing import LATER, Press, rows
from tests.servers import Database


@dataclass
class Perishable(Letter):
    """Its text is a number of hours."""

    def enqueue(self, job: Job) -> None:
        job.expires_at = LATER - timedelta(hours=float(self.text))


def test_a_time_is_kept_and_a_wait_counts_from_the_database_s_now(table: Database) -> None:
    exact = enqueue(Letter("a"), expires_at=LATER)
    waits: list[Any] = [90, timedelta(seconds=90)]
    relative = [enqueue(Letter("a"), expires_at=wait) for wait in waits]
    written = rows(table)
    assert exact.expires_at == written[0]["expires_at"] == LATER
    for job, row in zip(relative, written[1:], strict=True):
        assert job.expires_at == row["expires_at"] == row["created_at"] + timedelta(seconds=90)
    assert enqueue(Letter("a")).expires_at is None


@pytest.mark.parametrize("count", [2, 500])
def test_many_and_delayed_calls_take_it_too(table: Database, count: int) -> None:
    jobs = enqueue_many([Letter("a")] * count, expires_at=60, run_at=30)
    delay(Press(), expires_at=LATER).print_out(1)
    written = rows(table)
    assert [job.expires_at for job in jobs] == [row["expires_at"] for row in written[:-1]]
    assert {row["expires_at"] - row["run_at"] for row in written[:-1]} == {timedelta(seconds=30)}
    assert written[-1]["expires_at"] == LATER


def test_the_enqueue_hook_may_set_it(table: Database) -> None:
    jobs = [enqueue(Perishable("0")), *enqueue_many([Perishable("1"), Perishable("2")], expires_at=3)]
    expected = [LATER - timedelta(hours=hours) for hours in range(3)]
    assert [job.expires_at for job in jobs] == [row["expires_at"] for row in rows(table)] == expected


@pytest.mark.parametrize(
    ("run_at", "expires_at", "said"),
    [
        (timedelta(hours=2), timedelta(hours=1), "expires_at: 3600 s from now is before run_at, 7200 s from now"),
        (LATER, LATER - timedelta(seconds=1), "is before run_at, 2199-01-02T03:04:05"),
        (LATER, 60, "expires_at: 60 s from now is before run_at, 2199-"),
        (timedelta(days=100_000), LATER, "is before run_at, 8.64e"),
        (None, datetime(2020, 1, 1, tzinfo=UTC), "expires_at: 2020-.* is before run_at, now"),
        (None, -1, "expires_at: -1 s from now is before run_at, now"),
        (None, float("nan"), "expires_at: nan seconds"),
        (None, datetime(2199, 1, 1), "expires_at: .* has no time zone"),  # noqa: DTZ001
        (None, "tomorrow", "expires_at: an aware datetime, a timedelta or seconds from now, not 'tomorrow'"),
    ],
)
def test_a_job_that_would_expire_before_it_may_run_is_refused(
    table: Database, run_at: Any, expires_at: Any, said: str
) -> None:
    with pytest.raises(InvalidJob, match=said):
        enqueue(Letter("a"), run_at=run_at, expires_at=expires_at)
    assert rows(table) == []


def test_a_hook_that_puts_a_job_off_beyond_its_expiry_is_refused(table: Database) -> None:
    with pytest.raises(InvalidJob, match="is before run_at"):
        enqueue(Perishable("1"), run_at=LATER)
    assert rows(table) == []


def test_both_at_the_same_moment_are_fine(table: Database) -> None:
    enqueue(Letter("a"), run_at=LATER, expires_at=LATER)
    enqueue(Letter("a"), run_at=60, expires_at=60)
    assert len(rows(table)) == 2
