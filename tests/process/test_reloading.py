"""HUP: new code is imported beside the old, and takes over only when it can."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.process.daemons import APPS, Daemon, Site
from tests.waiting import wait_until

_CODE = """
from dataclasses import dataclass
from chores import note

@dataclass
class Shift:
    ledger: str

    def perform(self):
        note(self.ledger, {version!r})
"""


class Deployment:
    """An application that changes on disk while the daemon runs."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.directory = site.directory / "deployed"
        self.directory.mkdir()

    def deploy(self, code: str) -> None:
        (self.directory / "shifting.py").write_text(code)

    def start(self) -> Daemon:
        path = f"{self.directory}:{APPS.parents[2]}:{APPS}"
        return self.site.start(app="shifting", PYTHONPATH=path, PYTHONDONTWRITEBYTECODE="1")

    def enqueue(self) -> None:
        handler = f'!job:shifting.Shift {{"ledger": "{self.site.ledger}"}}'
        connection = self.site.database.connect()
        connection.execute("INSERT INTO delayed_jobs (handler) VALUES (%s)", [handler])
        connection.execute("SELECT pg_notify('delayed_jobs', %s)", [self.site.database.schema])


def test_a_reload_replaces_the_workers_and_not_the_daemon(site: Site) -> None:
    deployment = Deployment(site)
    deployment.deploy(_CODE.format(version="old"))
    daemon = deployment.start()
    deployment.enqueue()
    site.await_line("old")
    before = set(daemon.processes("worker"))
    deployment.deploy(_CODE.format(version="new"))
    daemon.tell(signal.SIGHUP)
    daemon.await_event("daemon.reloaded")
    wait_until(
        lambda: len(new := set(daemon.processes("worker"))) == 2 and not new & before, "all workers are new ones"
    )
    deployment.enqueue()
    site.await_line("new")
    assert Path(f"/proc/{daemon.pid}").exists()
    assert not daemon.events("worker.died")
    assert daemon.leave() == 0
    site.assert_gone(daemon)


def test_code_that_cannot_be_imported_leaves_the_old_running(site: Site) -> None:
    deployment = Deployment(site)
    deployment.deploy(_CODE.format(version="old"))
    daemon = deployment.start()
    before = set(daemon.processes("worker"))
    deployment.deploy("this is no Python")
    daemon.tell(signal.SIGHUP)
    failed = daemon.await_event("daemon.reload_failed")
    assert "SyntaxError" in failed["error"]
    deployment.enqueue()
    site.await_line("old")
    assert set(daemon.processes("worker")) == before
    assert daemon.leave() == 0
    site.assert_gone(daemon)
