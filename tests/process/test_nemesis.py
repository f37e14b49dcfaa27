"""Whatever dies: every job whose enqueuing was acknowledged is performed, and nothing is left behind."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time

import psycopg
import pytest
from chores import Note

from delayed_daemon import enqueue_many
from delayed_daemon.embedded.server import EmbeddedServer
from tests.process.daemons import Daemon, Site
from tests.servers import superuser_url
from tests.waiting import wait_until

OPTIONS = ("--lease", "2", "--sleep", "1", "--max-crashes", "1000")


@pytest.mark.parametrize("seconds", [6, pytest.param(120, marks=[pytest.mark.long, pytest.mark.timeout(400)])])
def test_random_deaths_of_everything_lose_no_job(site: Site, server: EmbeddedServer, seconds: int) -> None:
    draw = random.Random(seconds)
    daemons = [site.start(*OPTIONS) for _ in range(2)]
    acknowledged: set[str] = set()
    deaths = {"worker": 0, "maintenance": 0, "fork server": 0, "daemon": 0, "connection": 0}
    until = time.monotonic() + seconds
    with psycopg.connect(superuser_url(server), autocommit=True) as admin:
        while time.monotonic() < until:
            first = len(acknowledged)
            enqueue_many([Note(site.ledger, f"n{n}") for n in range(first, first + 50)])
            acknowledged |= {f"n{n}" for n in range(first, first + 50)}
            victim = draw.choices(list(deaths), weights=[6, 2, 1, 1, 6])[0]
            deaths[victim] += 1
            _strike(victim, site, daemons, admin, draw)
            time.sleep(draw.uniform(0.05, 0.3))
    connection = site.database.connect()
    wait_until(
        lambda: connection.execute("UPDATE delayed_jobs SET run_at = now() WHERE run_at > now()") and site.count() == 0,
        f"every job is performed after {deaths}",
        seconds=60,
    )
    assert set(site.lines()) == acknowledged
    wait_until(lambda: len(site.rows("SELECT id FROM delayed_daemons")) == 2, "the dead are forgotten")
    for daemon in daemons:
        assert daemon.leave() == 0
    assert site.rows("SELECT id FROM delayed_daemons") == []


def _strike(victim: str, site: Site, daemons: list[Daemon], admin: psycopg.Connection, draw: random.Random) -> None:
    place = draw.randrange(len(daemons))
    match victim:
        case "daemon":
            daemons[place].kill_all()
            daemons[place] = site.start(*OPTIONS, ready=False)
        case "connection":
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'delayed-daemon %'"
                " AND application_name <> 'delayed-daemon producer' AND random() < 0.3"
            )
        case role:
            for pid in daemons[place].processes(role)[:1]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
