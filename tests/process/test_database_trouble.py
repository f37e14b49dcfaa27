"""The daemon outlives its database: whatever happens to it costs time, never a job and never the process."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from chores import FailThenWork, Gate, Note

from delayed_daemon import enqueue, enqueue_many
from delayed_daemon.embedded.server import EmbeddedServer
from tests.process.daemons import Site, exactly_once
from tests.proxies import Proxy
from tests.servers import superuser_url
from tests.waiting import wait_until

_OURS = "application_name LIKE 'delayed-daemon %%' AND application_name <> 'delayed-daemon producer'"


def test_every_connection_ended_again_and_again_loses_nothing(site: Site, server: EmbeddedServer) -> None:
    enqueue_many([Note(site.ledger, f"n{n}") for n in range(5_000)])
    daemon = site.start("--sleep", "1")
    pids = daemon.processes("worker")
    with psycopg.connect(superuser_url(server), autocommit=True) as admin:
        for number in range(12):
            mark = enqueue(Note(site.ledger, f"mark{number}"))
            ended = admin.execute(
                f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {_OURS} AND pid IN"
                " (SELECT pid FROM pg_stat_activity WHERE datname = %s)",
                ["delayed"],
            ).fetchone()
            assert ended is not None
            wait_until(lambda mark=mark: site.row(mark.id) is None, "the daemon works again")
    site.await_empty()
    lines = [line for line in site.lines() if line.startswith("n")]
    assert set(lines) == {f"n{n}" for n in range(5_000)}
    assert daemon.processes("worker") == pids
    assert daemon.leave() == 0
    site.assert_gone(daemon)


def test_a_server_that_is_stopped_and_started_again_costs_time_only(own_site: Site, own_server: EmbeddedServer) -> None:
    site = own_site
    daemon = site.start("--sleep", "1")
    pids = daemon.processes("worker")
    held = enqueue(Gate(site.ledger, "held", str(site.gate())))
    retried = enqueue(FailThenWork(site.ledger, "retried", failures=1))
    site.await_line("begin-held")
    site.await_line("retried-1")
    data_dir = next(own_server.data_dir.glob("pg*"))
    postmaster = int((data_dir / "postmaster.pid").read_text().splitlines()[0])
    os.kill(postmaster, signal.SIGQUIT)
    wait_until(lambda: own_server.find() is None, "the server is down")
    site.gate().touch()
    site.await_line("end-held")
    daemon.await_event("database.failed")
    with EmbeddedServer(own_server.data_dir, durable=False):
        wait_until(lambda: site.row(held.id) is None, "what was finished meanwhile is settled")
        wait_until(lambda: site.row(retried.id) is None, "nothing else is left")
        enqueue_many([Note(site.ledger, f"n{n}") for n in range(100)])
        site.await_empty()
        exactly_once(
            [line for line in site.lines() if line != "retried-0"],
            ["begin-held", "end-held", "retried-1", *(f"n{n}" for n in range(100))],
        )
        assert daemon.processes("worker") == pids
        assert daemon.leave() == 0
        site.assert_gone(daemon)


def test_a_daemon_stops_in_time_while_the_database_is_away(own_site: Site, own_server: EmbeddedServer) -> None:
    site = own_site
    daemon = site.start("--shutdown-timeout", "2")
    data_dir = next(own_server.data_dir.glob("pg*"))
    os.kill(int((data_dir / "postmaster.pid").read_text().splitlines()[0]), signal.SIGQUIT)
    daemon.await_event("heartbeat.failed")
    assert daemon.leave(seconds=15) == 0
    assert "Traceback" not in daemon.log.read_text()
    with EmbeddedServer(own_server.data_dir, durable=False):
        site.assert_nothing_locked()


def test_a_row_that_cannot_be_deleted_holds_up_nothing_and_is_not_repeated(site: Site) -> None:
    connection = site.database.connect()
    refused = enqueue(Note(site.ledger, "refused"))
    connection.execute("CREATE TABLE witness (job bigint REFERENCES delayed_jobs (id))")
    connection.execute("INSERT INTO witness VALUES (%s)", [refused.id])
    enqueue_many([Note(site.ledger, f"n{n}") for n in range(100)])
    daemon = site.start()
    row = wait_until(lambda: (row := site.row(refused.id)) and row["failed_at"] and row, "the row is marked")
    assert "cannot be deleted" in row["last_error"]
    wait_until(lambda: site.count() == 1, "all others are gone")
    exactly_once(site.lines(), ["refused", *(f"n{n}" for n in range(100))])
    assert daemon.leave() == 0
    connection.execute("DROP TABLE witness")


@pytest.fixture
def proxy(site: Site) -> Iterator[Proxy]:
    with tempfile.TemporaryDirectory(prefix="dd-proxy-") as directory:
        proxy = Proxy(site.database.url, Path(directory))
        yield proxy
        proxy.close()


def test_a_claim_whose_reply_was_lost_is_given_back_and_performed_once(site: Site, proxy: Proxy) -> None:
    daemon = site.start("--lease", "3", workers=1, database_url=proxy.url)
    wait_until(lambda: site.count_idle_daemons() == 1, "the worker is idle")
    proxy.lose_reply_to("/1/")  # of the first worker's claims
    job = enqueue(Note(site.ledger, "n"))
    assert proxy.lost.wait(20), "the claim went through the proxy"
    assert daemon.await_event("claims.reconciled")["ids"] == [job.id]
    site.await_empty()
    exactly_once(site.lines(), ["n"])
    assert daemon.leave() == 0
    site.assert_gone(daemon)


def test_a_completion_whose_reply_was_lost_is_neither_repeated_nor_called_a_lost_claim(
    site: Site, proxy: Proxy
) -> None:
    daemon = site.start(workers=1, database_url=proxy.url)
    enqueue(Gate(site.ledger, "held", str(site.gate())))
    site.await_line("begin-held")
    proxy.lose_reply_to("/1/")
    site.gate().touch()
    assert proxy.lost.wait(20), "the completion went through the proxy"
    assert daemon.await_event("outcome.in_doubt")["jobs"] == 1
    site.await_empty()
    exactly_once(site.lines(), ["begin-held", "end-held"])
    assert not daemon.events("claim.lost")
    assert daemon.leave() == 0
    site.assert_gone(daemon)
