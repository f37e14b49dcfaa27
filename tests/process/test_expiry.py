"""Jobs that are not started by their ``expires_at``: failed with that reason, never performed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from chores import Fail, Gate, Note, TellsFailure

from delayed_daemon import enqueue
from tests.process.daemons import Site
from tests.waiting import wait_until


def expired(site: Site, job_id: int | None, *, within: float = 30.0) -> dict:
    def failed() -> dict | None:
        columns = "attempts, last_error, errors, locked_by, expires_at::text AS expires"
        query = f"SELECT {columns} FROM delayed_jobs WHERE id = %s AND failed_at IS NOT NULL"
        return next(iter(site.rows(query, [job_id])), None)

    row = wait_until(failed, f"job {job_id} has failed", seconds=within)
    assert row["last_error"].startswith("expired at ")
    assert row["errors"][-1]["error"] == row["last_error"]
    assert row["locked_by"] is None
    return row


def test_a_job_that_waited_too_long_fails_with_that_reason_and_its_hook_runs(site: Site) -> None:
    job = enqueue(TellsFailure(site.ledger, "late"), expires_at=0.001)
    daemon = site.start()
    row = expired(site, job.id)
    assert row["attempts"] == 0
    assert row["last_error"] == f"expired at {row['expires']}: it was not started by then"
    assert site.lines() == ["failure-late"]
    [said] = daemon.events("job.failed", id=job.id)
    assert (said["attempts"], said["error"]) == (0, row["last_error"])
    enqueue(Note(site.ledger, "in-time"), expires_at=timedelta(hours=1))
    site.await_line("in-time")
    assert daemon.leave() == 0


def test_a_job_read_ahead_is_judged_when_it_would_start(site: Site) -> None:
    enqueue(Note(site.ledger, "warm-up"))
    enqueue(Gate(site.ledger, "g", str(site.gate())), priority=1)
    late = enqueue(TellsFailure(site.ledger, "late"), priority=2, expires_at=datetime.now(UTC) + timedelta(seconds=3))
    never = enqueue(Note(site.ledger, "fine"), priority=3, expires_at=timedelta(hours=1))
    daemon = site.start(workers=1)
    site.await_line("begin-g")
    claimed = site.row(late.id)
    assert claimed is not None
    assert claimed["locked_by"] is not None, "it was to be read ahead with the job that waits"
    wait_until(lambda: site.rows("SELECT now() > %s AS over", [late.expires_at])[0]["over"], "its time is over")
    site.gate().touch()
    assert expired(site, late.id)["attempts"] == 0
    site.await_line("fine")
    assert site.row(never.id) is None
    assert "late" not in site.lines()
    assert daemon.leave() == 0


def test_an_earlier_error_does_not_hide_the_reason_and_is_not_forgotten(site: Site) -> None:
    job = enqueue(Fail("no luck"), expires_at=timedelta(seconds=4))
    daemon = site.start()
    row = expired(site, job.id, within=60)
    assert [entry["error"] for entry in row["errors"]][:-1] == ["ValueError: no luck"]
    assert row["attempts"] == 1
    assert daemon.leave() == 0


def test_a_job_of_an_unknown_class_fails_with_that_reason_instead_of_being_held(site: Site) -> None:
    [row] = site.rows(
        "INSERT INTO delayed_jobs (handler, expires_at) VALUES ('!job:chores.Gone {}', now()) RETURNING id"
    )
    daemon = site.start()
    assert expired(site, row["id"])["attempts"] == 0
    assert daemon.leave() == 0


@pytest.mark.parametrize("limit", ["infinity", "-infinity", "294276-01-01", "4713-01-01 BC"])
def test_a_time_that_python_cannot_hold_harms_no_worker(site: Site, limit: str) -> None:
    job = enqueue(Note(site.ledger, "odd"))
    site.rows("UPDATE delayed_jobs SET expires_at = %s::timestamptz RETURNING id", [limit])
    daemon = site.start()
    if limit in ("infinity", "294276-01-01"):
        site.await_line("odd")
    else:
        assert expired(site, job.id)["last_error"].endswith("it was not started by then")
    enqueue(Note(site.ledger, "next"))
    site.await_line("next")
    assert daemon.events("worker.died") == []
    assert daemon.leave() == 0
