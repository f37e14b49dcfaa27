"""What ``status`` tells of a daemon that works."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
from typing import Any

from chores import Fail, Gate, Nothing

from delayed_daemon import enqueue
from tests.process.daemons import APPS, Site, command, environment
from tests.waiting import wait_until


def document(site: Site) -> dict[str, Any]:
    done = site.run("status", "--json", "--database-url", site.database.url, "--schema", site.database.schema)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_status_shows_what_each_worker_performs_and_what_waits(site: Site) -> None:
    job = enqueue(Gate(site.ledger, "a", str(site.gate())), queue="mail")
    enqueue(Nothing(1), run_at=3600)
    failing = enqueue(Fail("no", max_attempts=1), queue="mail")
    enqueue(Nothing(2), queue="unserved")
    daemon = site.start("--lease", "3", "--queues", "mail,default", "--name", "web-1")
    site.await_line("begin-a")
    wait_until(lambda: (row := site.row(failing.id)) and row["failed_at"], "the other has failed")

    def performing() -> list[dict[str, Any]]:
        [seen] = document(site)["daemons"]
        return [worker for worker in seen["workers"] if worker["executions"]]

    [worker] = wait_until(performing, "the heartbeat tells of the job")
    [execution] = worker["executions"]
    assert (worker["state"], worker["pid"]) == ("performing", site.pids()[0])
    assert (execution["job"], execution["name"]) == (job.id, "chores.Gate")
    assert execution["since_seconds"] >= 0
    whole = document(site)
    [seen] = whole["daemons"]
    assert (seen["name"], seen["pid"], seen["state"], seen["queues"]) == (
        "web-1",
        daemon.pid,
        "alive",
        ["mail", "default"],
    )
    assert {key: whole["total"][key] for key in ("ready", "scheduled", "locked", "failed", "held")} == {
        "ready": 1,
        "scheduled": 1,
        "locked": 1,
        "failed": 1,
        "held": 0,
    }
    assert whole["queues"]["unserved"]["oldest_ready_seconds"] > 0
    text = site.run("status", "--database-url", site.database.url, "--schema", site.database.schema).stdout
    assert all(word in text for word in ("web-1", "chores.Gate", "performing", "unserved"))
    site.gate().touch()
    assert daemon.leave() == 0


def test_status_tells_a_killed_daemon_from_a_living_one(site: Site) -> None:
    daemon = site.start("--lease", "1")
    assert document(site)["daemons"][0]["state"] == "alive"
    daemon.kill_all()
    wait_until(lambda: document(site)["daemons"][0]["state"] == "lapsed", "its lease has lapsed")


def test_the_log_is_pretty_on_a_terminal_and_json_in_a_pipe(site: Site) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "wb", buffering=0) as terminal:
        done = subprocess.Popen(
            command("work-off", *site.options()), cwd=APPS, env=environment(), stderr=terminal, stdin=subprocess.DEVNULL
        )
    seen = b""
    with contextlib.suppress(OSError):
        while chunk := os.read(ours, 4096):
            seen += chunk
    os.close(ours)
    assert done.wait(60) == 0
    assert b"daemon.started" in seen
    assert b"{" not in seen
    piped = site.run("work-off", *site.options()).stderr.splitlines()
    assert json.loads(piped[0])["event"] == "daemon.started"
