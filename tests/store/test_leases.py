from __future__ import annotations

import time
import uuid

import psycopg
import pytest

from tests.store.sessions import Claimant, Sessions, lapse


@pytest.fixture
def daemon(sessions) -> Claimant:
    return Claimant(sessions.queue)


def _row(sessions: Sessions):
    return sessions.run("SELECT * FROM {daemons}")[0]


def test_a_daemon_registers_with_what_it_is_and_its_lease_begins(sessions, daemon):
    beat = sessions.upkeep.register(daemon.daemon_row())
    row = _row(sessions)
    assert (row.id, row.name, row.pid, row.workers, row.idle, row.queues) == (daemon.start, "host", 7, 1, False, [])
    assert row.lease.total_seconds() == 600
    assert abs(beat.database_seconds - time.time()) < 3600


def test_a_registration_whose_reply_was_lost_can_be_repeated(sessions, daemon):
    sessions.upkeep.register(daemon.daemon_row())
    assert sessions.upkeep.register(daemon.daemon_row()) is not None
    assert len(sessions.run("SELECT * FROM {daemons}")) == 1


def test_a_lapsed_daemon_cannot_register_under_its_old_id(sessions, daemon):
    sessions.upkeep.register(daemon.daemon_row())
    lapse(sessions, daemon)
    assert sessions.upkeep.register(daemon.daemon_row()) is None


def test_a_heartbeat_renews_the_lease_and_publishes_the_snapshot(sessions, daemon):
    sessions.upkeep.register(daemon.daemon_row())
    before = _row(sessions).heartbeat_at
    beat = sessions.upkeep.heartbeat(daemon.start, {"workers": [{"pid": 8}]}, True)
    row = _row(sessions)
    assert row.heartbeat_at > before
    assert abs(row.heartbeat_at.timestamp() - beat.database_seconds) < 1
    assert (row.snapshot, row.idle) == ({"workers": [{"pid": 8}]}, True)


def test_a_daemon_learns_from_its_heartbeat_that_its_lease_lapsed_or_its_row_is_gone(sessions, daemon):
    assert sessions.upkeep.heartbeat(daemon.start, {}, False) is None
    sessions.upkeep.register(daemon.daemon_row())
    lapse(sessions, daemon)
    assert sessions.upkeep.heartbeat(daemon.start, {}, False) is None


@pytest.mark.parametrize("value", [float("nan"), "\0", "\ud800", object()])
def test_the_lease_does_not_depend_on_statistics(sessions, daemon, value):
    sessions.upkeep.register(daemon.daemon_row())
    assert sessions.upkeep.heartbeat(daemon.start, {"value": value}, False) is not None
    assert _row(sessions).snapshot == {}


def test_a_heartbeat_that_the_server_cannot_take_is_an_error_not_a_lost_lease(sessions, daemon):
    sessions.connection.close()
    with pytest.raises(psycopg.OperationalError):
        sessions.upkeep.heartbeat(daemon.start, {}, False)


def test_a_daemon_says_when_it_is_idle(sessions, daemon):
    sessions.upkeep.register(daemon.daemon_row())
    sessions.upkeep.advertise(daemon.start, True)
    assert _row(sessions).idle is True
    sessions.upkeep.advertise(daemon.start, False)
    assert _row(sessions).idle is False


def test_a_daemon_that_leaves_takes_its_row_along(sessions, daemon):
    sessions.upkeep.register(daemon.daemon_row())
    sessions.upkeep.deregister(uuid.uuid4())
    assert _row(sessions).id == daemon.start
    sessions.upkeep.deregister(daemon.start)
    assert sessions.run("SELECT * FROM {daemons}") == []


def test_only_a_lapsed_daemon_that_holds_nothing_is_forgotten(sessions, daemon):
    sessions.upkeep.register(daemon.daemon_row())
    assert not sessions.upkeep.forget(daemon.start)
    sessions.add()
    daemon.claim()
    lapse(sessions, daemon)
    assert not sessions.upkeep.forget(daemon.start)
    sessions.upkeep.rescue(daemon.daemon_prefix, daemon.start, 5)
    assert sessions.upkeep.forget(daemon.start)
    assert sessions.run("SELECT * FROM {daemons}") == []
