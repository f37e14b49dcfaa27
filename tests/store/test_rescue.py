from __future__ import annotations

import uuid

import pytest

from delayed_daemon.store.upkeep import Holder
from tests.store.sessions import Claimant, Sessions, lapse


@pytest.fixture
def lost(sessions) -> Claimant:
    """A daemon with three locked jobs whose lease has lapsed."""
    daemon = Claimant(sessions.queue, "lost.example")
    sessions.upkeep.register(daemon.daemon_row())
    sessions.add(3)
    daemon.claim(3)
    lapse(sessions, daemon)
    return daemon


def _lock_by_hand(sessions: Sessions, locked_by: str, age: str = "0 s") -> int:
    (id,) = sessions.add()
    sessions.run(
        "UPDATE {jobs} SET locked_by = %s, locked_at = now() - %s::interval, attempts = 1 WHERE id = %s",
        [locked_by, age, id],
    )
    return id


def test_every_holder_is_found_once_with_its_lease(sessions, lost):
    living = Claimant(sessions.queue, "living")
    sessions.upkeep.register(living.daemon_row())
    second_generation = Claimant(sessions.queue, "living", living.start, generation=12)
    gone = Claimant(sessions.queue, "gone")
    sessions.add(5)
    for claimant in (living, second_generation, living, gone):
        claimant.claim()
    holders = {holder.prefix: holder for holder in sessions.upkeep.holders()}
    assert set(holders) == {lost.daemon_prefix, living.daemon_prefix, gone.daemon_prefix}
    assert holders[living.daemon_prefix][1:3] == (living.start.hex, False)
    assert holders[lost.daemon_prefix][1:3] == (lost.start.hex, True)
    assert holders[gone.daemon_prefix] == Holder(gone.daemon_prefix, gone.start.hex, True, None)
    assert holders[living.daemon_prefix].heartbeat_at != holders[lost.daemon_prefix].heartbeat_at


def test_nobody_holds_anything_in_an_idle_table(sessions):
    sessions.add(3)
    assert sessions.upkeep.holders() == []


@pytest.mark.parametrize(
    "foreign", ["host:web1 pid:77", "web1", "host:1/NOT-HEX/1/1", "0", "~", "é", "host:7/" + "a" * 31 + "/1/1"]
)
def test_holders_of_other_programs_are_told_apart_and_hide_nobody(sessions, lost, foreign):
    _lock_by_hand(sessions, foreign)
    _lock_by_hand(sessions, foreign)
    holders = sessions.upkeep.holders()
    assert sorted(holder.prefix for holder in holders) == sorted([foreign, lost.daemon_prefix])
    assert Holder(foreign, None, False, None) in holders


def test_the_jobs_of_a_lapsed_daemon_are_given_back_as_crashes(sessions, lost):
    ids = sessions.ids()
    assert sorted(sessions.upkeep.rescue(lost.daemon_prefix, lost.start, 5)) == ids
    for id in ids:
        row = sessions.row(id)
        assert (row.attempts, row.crashes, row.locked_by, row.failed_at, row.last_error) == (0, 1, None, None, None)
        assert row.errors[0]["error"] == f"its daemon {lost.token} was lost"
    assert len(Claimant(sessions.queue).claim(9)) == 3


def test_the_jobs_of_a_daemon_without_a_row_are_given_back(sessions):
    daemon = Claimant(sessions.queue)
    ids = sessions.add(2)
    daemon.claim(2)
    assert sorted(sessions.upkeep.rescue(daemon.daemon_prefix, daemon.start, 5)) == ids


def test_the_jobs_of_a_living_daemon_are_left_alone(sessions):
    daemon = Claimant(sessions.queue)
    sessions.upkeep.register(daemon.daemon_row())
    sessions.add(2)
    daemon.claim(2)
    assert sessions.upkeep.rescue(daemon.daemon_prefix, daemon.start, 5) == []


def test_a_rescue_takes_only_the_jobs_of_that_daemon_and_not_more_than_its_limit(sessions, lost):
    other = Claimant(sessions.queue, "lost.example")
    sessions.add(1)
    other.claim()
    assert len(sessions.upkeep.rescue(lost.daemon_prefix, lost.start, 5, limit=2)) == 2
    assert len(sessions.upkeep.rescue(lost.daemon_prefix, lost.start, 5, limit=2)) == 1
    assert sessions.upkeep.rescue(lost.daemon_prefix, lost.start, 5) == []
    assert [holder.prefix for holder in sessions.upkeep.holders()] == [other.daemon_prefix]


def test_a_job_that_lost_its_daemon_too_often_is_quarantined(sessions, lost):
    sessions.upkeep.rescue(lost.daemon_prefix, lost.start, 1)
    row = sessions.row(sessions.ids()[0])
    assert row.failed_at is not None
    assert row.last_error == f"quarantined after 1 crashes: its daemon {lost.token} was lost"


def test_locks_of_another_program_stand_until_they_are_too_old(sessions, lost):
    young, old = (
        _lock_by_hand(sessions, "host:web1 pid:77", "1 hour"),
        _lock_by_hand(sessions, "host:web1 pid:78", "5 hours"),
    )
    assert sessions.upkeep.rescue_foreign(4 * 3600, 5) == [old]
    assert sessions.row(young).locked_by == "host:web1 pid:77"
    row = sessions.row(old)
    assert (row.locked_by, row.attempts, row.crashes) == (None, 0, 1)
    assert row.errors[0]["error"] == "its holder host:web1 pid:78 was lost"
    assert len(sessions.upkeep.locked_under(lost.daemon_prefix)) == 3


def test_locks_of_daemons_are_never_foreign_however_old(sessions, lost):
    sessions.run("UPDATE {jobs} SET locked_at = now() - interval '1 year'")
    assert sessions.upkeep.rescue_foreign(1.0, 5) == []


def test_everything_of_a_dead_worker_is_released_and_nothing_of_its_neighbours(sessions):
    start = uuid.uuid4()
    dead, other = (Claimant(sessions.queue, start=start, generation=generation) for generation in (1, 11))
    ids = sessions.add(5)
    dead.claim(2)
    other.claim(1)
    dead.claim(1)
    assert sorted(sessions.upkeep.release_range(dead.prefix)) == [ids[0], ids[1], ids[3]]
    assert sessions.upkeep.locked_under(other.prefix) == [(ids[2], other.token)]
    assert sessions.row(ids[0]).attempts == 0
    assert sessions.upkeep.release_range(dead.prefix) == []


def test_a_daemon_sees_what_it_has_locked_under_which_claim(sessions):
    worker = Claimant(sessions.queue)
    ids = sessions.add(2)
    worker.claim()
    worker.claim()
    assert sessions.upkeep.locked_under(worker.daemon_prefix) == [
        (ids[0], f"{worker.prefix}1"),
        (ids[1], f"{worker.prefix}2"),
    ]


@pytest.mark.parametrize("prefix", ["", "host:1", "host:7/abc"])
def test_a_range_that_is_not_closed_by_a_slash_is_refused(sessions, prefix):
    with pytest.raises(ValueError, match="prefix"):
        sessions.upkeep.release_range(prefix)
