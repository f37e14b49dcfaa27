from __future__ import annotations

from datetime import timedelta

from delayed_daemon.store.overview import JobCounts, overview
from delayed_daemon.store.states import STATES
from tests.store.sessions import REPORT, Claimant, lapse


def test_an_empty_table_is_an_empty_overview(sessions):
    seen = overview(sessions.connection, sessions.schema)
    assert (seen.daemons, seen.queues, seen.total) == ([], {}, JobCounts())


def test_jobs_are_counted_by_queue_and_state(sessions):
    worker = Claimant(sessions.queue)
    sessions.add(6, queue="mail", delay=-500.0)
    sessions.add(2, queue="images", delay=60.0)
    jobs = worker.claim(5)
    sessions.queue.fail(jobs[0].id, worker.token, REPORT)
    sessions.queue.hold(jobs[1].id, worker.token, "no class")
    sessions.queue.reschedule(jobs[2].id, worker.token, REPORT, timedelta(hours=1))
    seen = overview(sessions.connection, sessions.schema)
    mail = seen.queues["mail"]
    assert (mail.ready, mail.scheduled, mail.locked, mail.failed, mail.held) == (1, 1, 2, 1, 1)
    assert 500 <= mail.oldest_ready_seconds < 4000
    assert seen.queues["images"] == JobCounts(scheduled=2)
    assert list(seen.queues) == ["images", "mail"]
    assert (seen.total.scheduled, seen.total.oldest_ready_seconds) == (3, mail.oldest_ready_seconds)


def test_every_job_is_in_exactly_one_state(sessions):
    sessions.run("ALTER TABLE {jobs} DROP CONSTRAINT delayed_jobs_run_at_check")
    sessions.run("""
        INSERT INTO {jobs} (handler, run_at, locked_by, failed_at, held_until)
        SELECT 'h', r, l, f, h
        FROM unnest(ARRAY['-infinity', 'yesterday', 'tomorrow', 'infinity']::timestamptz[]) r,
             unnest(ARRAY[NULL, 'somebody']) l, unnest(ARRAY[NULL, now()]) f,
             unnest(ARRAY[NULL, now() - interval '1 h', now() + interval '1 h']) h""")
    states = " + ".join(f"({predicate})::int" for predicate in STATES.values())
    assert {row.states for row in sessions.run(f"SELECT {states} AS states FROM {{jobs}} j")} == {1}
    total = overview(sessions.connection, sessions.schema).total
    assert total.ready + total.scheduled + total.locked + total.failed + total.held == 48
    assert (total.ready, total.scheduled) == (2, 2)
    assert 0 < total.oldest_ready_seconds < 3 * 86400


def test_daemons_are_listed_with_what_they_said_and_whether_they_live(sessions):
    living, dead = Claimant(sessions.queue, "a-living"), Claimant(sessions.queue, "b-dead")
    for daemon in (living, dead):
        sessions.upkeep.register(daemon.daemon_row())
    sessions.upkeep.heartbeat(living.start, {"performed": 7}, True)
    lapse(sessions, dead)
    first, second = overview(sessions.connection, sessions.schema).daemons
    assert (first.id, first.name, first.lapsed, first.idle, first.snapshot) == (
        living.start,
        "a-living",
        False,
        True,
        {"performed": 7},
    )
    assert (second.id, second.lapsed, second.lease_seconds) == (dead.start, True, 600.0)
    assert second.heartbeat_age_seconds >= 3600
    assert 0 <= first.uptime_seconds < 3600
