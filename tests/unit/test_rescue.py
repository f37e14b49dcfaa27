"""Rescue: only when the database says so and this process has seen it, both for a whole lease."""

from __future__ import annotations

import uuid

import pytest

from delayed_daemon.maintenance.rescue import Rescue
from delayed_daemon.store.upkeep import Holder
from tests.unit.records import Leases

OWN = f"here:1/{uuid.uuid4().hex}/"
DEAD = uuid.uuid4().hex
DEAD_PREFIX = f"there:2/{DEAD}/"
LEASE = 30.0


def holder(*, lapsed: bool = True, heartbeat: str | None = "12:00:00") -> Holder:
    return Holder(DEAD_PREFIX, DEAD, lapsed, heartbeat)


@pytest.fixture
def rescue() -> Rescue:
    return Rescue(lambda: OWN, LEASE, max_run_time=14400.0, max_crashes=5)


@pytest.fixture
def leases() -> Leases:
    leases = Leases()
    leases.seen = [holder()]
    leases.jobs = {DEAD_PREFIX: [1, 2, 3]}
    return leases


def test_a_dead_daemons_jobs_are_rescued_after_a_whole_lease_of_our_own_clock(rescue, leases):
    assert rescue.look(leases, 100.0) == 0
    assert rescue.look(leases, 100.0 + LEASE - 0.1) == 0
    assert leases.rescued == []

    assert rescue.look(leases, 100.0 + LEASE) == 3


def test_nobody_is_rescued_at_first_sight_whatever_the_database_says(rescue, leases):
    assert rescue.look(leases, 1e9) == 0


def test_without_the_databases_word_nobody_is_rescued_however_long_it_is_silent(rescue, leases):
    leases.seen = [holder(lapsed=False)]
    for now in range(0, 1000, 5):
        assert rescue.look(leases, now) == 0


def test_a_heartbeat_meanwhile_starts_the_wait_over(rescue, leases):
    rescue.look(leases, 0.0)
    leases.seen = [holder(heartbeat="12:00:20")]
    rescue.look(leases, 20.0)

    assert rescue.look(leases, LEASE + 1) == 0
    assert rescue.look(leases, 20.0 + LEASE) == 3


def test_a_lost_connection_starts_the_wait_over(rescue, leases):
    rescue.look(leases, 0.0)
    rescue.forget_sightings()
    assert rescue.look(leases, 100.0) == 0

    assert rescue.look(leases, 100.0 + LEASE) == 3


def test_a_holder_that_was_away_meanwhile_is_new_again(rescue, leases):
    rescue.look(leases, 0.0)
    leases.seen = []
    rescue.look(leases, 10.0)
    leases.seen = [holder()]

    assert rescue.look(leases, 100.0) == 0


def test_a_daemon_without_any_row_is_waited_for_too(rescue, leases):
    leases.seen = [holder(heartbeat=None)]
    assert rescue.look(leases, 0.0) == 0
    assert rescue.look(leases, LEASE) == 3


def test_a_daemon_never_rescues_its_own_jobs(rescue, leases):
    leases.seen = [Holder(OWN, OWN.split("/")[1], True, "12:00:00")]
    rescue.look(leases, 0.0)
    rescue.look(leases, 1000.0)

    assert leases.rescued == []


def test_more_jobs_than_one_statement_takes_are_all_rescued(rescue, leases):
    leases.jobs = {DEAD_PREFIX: list(range(2500))}
    rescue.look(leases, 0.0)

    assert rescue.look(leases, LEASE) == 2500


def test_another_programs_locks_are_broken_only_after_max_run_time(rescue, leases):
    rescue.look(leases, 0.0)
    assert leases.asked_foreign == []

    leases.seen = [Holder("host:db1 pid:77", None, True, None)]
    leases.foreign = [8, 9]

    assert rescue.look(leases, 1.0) == 2
    assert leases.asked_foreign == [(14400.0, 5)]


def test_rows_of_daemons_long_gone_are_swept_at_each_look(rescue, leases):
    rescue.look(leases, 0.0)
    rescue.look(leases, 1.0)
    assert leases.swept == 2
