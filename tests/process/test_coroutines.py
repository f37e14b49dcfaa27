"""Jobs that are coroutine functions, in a real worker, which stays as clean as it was."""

from __future__ import annotations

from coroutines import Download, Endless, greet

from delayed_daemon import enqueue
from tests.process.daemons import Site, exactly_once
from tests.waiting import wait_until


def test_coroutines_are_performed_and_leave_their_worker_as_it_was(site: Site) -> None:
    endless = enqueue(Endless(site.ledger))
    for number in range(20):
        enqueue(Download(site.ledger, f"d{number}"))
    greet.delay(site.ledger, line="g")
    daemon = site.start(workers=1, app="coroutines")
    wait_until(lambda: site.count("failed_at IS NULL") == 0, "all but the endless one are performed")
    exactly_once(site.lines(), ["interrupted", "g", *(f"d{number}" for number in range(20))])
    row = site.row(endless.id)
    assert row is not None
    assert row["last_error"].startswith("MaxRunTimeExceeded: exceeded max_run_time (0.2 s)")
    assert (row["attempts"], row["crashes"], len(set(site.pids()))) == (1, 0, 1)
    assert daemon.leave() == 0
    assert [daemon.events(event) for event in ("worker.unclean", "worker.killed", "signals.restored")] == [[], [], []]
