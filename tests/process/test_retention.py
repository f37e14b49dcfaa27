"""Failed jobs are kept for ever, or as long as the setting says."""

from __future__ import annotations

from chores import Fail

from delayed_daemon import enqueue
from tests.process.daemons import Site
from tests.waiting import wait_until


def test_daemons_delete_failed_jobs_once_they_are_old_enough_and_say_how_many(site: Site) -> None:
    kept, pruned = (enqueue(Fail("no", max_attempts=1)) for _ in range(2))
    first = site.start("--lease", "3", "--keep-failed", "1h")
    second = site.start("--lease", "3", "--keep-failed", "1h")
    wait_until(lambda: site.count("failed_at IS NOT NULL") == 2, "both have failed")
    site.rows("UPDATE delayed_jobs SET failed_at = now() - interval '2 hours' WHERE id = %s RETURNING id", [pruned.id])
    wait_until(lambda: site.row(pruned.id) is None, "the old one is deleted")
    assert site.row(kept.id) is not None
    assert first.leave() == second.leave() == 0
    assert [event["count"] for daemon in (first, second) for event in daemon.events("jobs.pruned")] == [1]
    assert [*first.events("jobs.not_pruned"), *second.events("jobs.not_pruned")] == []


def test_without_the_setting_they_stay(site: Site) -> None:
    job = enqueue(Fail("no", max_attempts=1))
    daemon = site.start("--lease", "1")
    wait_until(lambda: (row := site.row(job.id)) and row["failed_at"], "it has failed")
    site.rows("UPDATE delayed_jobs SET failed_at = '2001-01-01' WHERE id = %s RETURNING id", [job.id])
    beats = "SELECT heartbeat_at FROM delayed_daemons WHERE heartbeat_at > %s"
    [start] = site.rows("SELECT clock_timestamp() + interval '1 second' AS later")
    wait_until(lambda: site.rows(beats, [start["later"]]), "several rounds are over")
    assert daemon.leave() == 0
    assert site.row(job.id) is not None
