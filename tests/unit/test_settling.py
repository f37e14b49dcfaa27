"""A lost claim is said and counted; what nobody can know is said, and not counted."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import structlog

from delayed_daemon.host.scoreboard import Scoreboard
from delayed_daemon.worker.ledger import Ledger
from delayed_daemon.worker.settling import Settling


@pytest.mark.parametrize(
    ("in_doubt", "jobs", "event", "counted"),
    [(False, 2, "claim.lost", 2), (True, 2, "outcome.in_doubt", 0), (False, 0, None, 0), (True, 0, None, 0)],
)
def test_lost_claims_are_counted_unless_an_earlier_try_may_have_done_it(in_doubt, jobs, event, counted):
    board = Scoreboard(1)
    slot = board.slots[0]
    slot.occupy(generation=1, number=1, pool=0)
    settling = Settling(slot, SimpleNamespace(in_doubt=in_doubt), Ledger(board, slot, "host:1"))
    with structlog.testing.capture_logs() as logged:
        settling.count_lost(jobs)
    assert [entry["event"] for entry in logged] == ([event] if event else [])
    assert slot.stale == counted
