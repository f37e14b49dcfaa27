"""Without a database URL: the daemon brings its own PostgreSQL, and applications find it by themselves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.process.daemons import APPS, Daemon, command, environment, is_running
from tests.servers import throw_away_directory
from tests.waiting import wait_until

_ENQUEUE = "import sys, chores; from delayed_daemon import enqueue; print(enqueue(chores.Note(*sys.argv[1:])).id)"


class Home:
    """A data directory, daemons on it, and an application that knows nothing else."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.data_dir = directory / "data"
        self.ledger = directory / "ledger"
        self.ledger.touch()
        self.daemons: list[Daemon] = []

    def start(self, *options: str) -> Daemon:
        arguments = command("start", "--app", "chores", "--log-format", "json", *options)
        log = self.directory / f"daemon-{len(self.daemons)}.log"
        daemon = Daemon(log, arguments, self.environment())
        self.daemons.append(daemon)
        daemon.await_event("daemon.started", seconds=60)
        return daemon

    def environment(self) -> dict[str, str]:
        return environment(DELAYED_DAEMON_DATA_DIR=str(self.data_dir))

    def enqueue(self, line: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", _ENQUEUE, str(self.ledger), line],
            env=self.environment(),
            cwd=APPS,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return int(done.stdout)

    def await_line(self, line: str) -> None:
        wait_until(lambda: line in self.lines(), f"{line} is performed")

    def lines(self) -> list[str]:
        return [line.split()[0] for line in self.ledger.read_text().splitlines()]

    def postmaster(self) -> int | None:
        for path in self.data_dir.glob("pg*/postmaster.pid"):
            pid = int(path.read_text().splitlines()[0])
            return pid if is_running(pid) else None
        return None


@pytest.fixture
def home() -> Iterator[Home]:
    with throw_away_directory() as directory:
        directory.chmod(0o755)
        home = Home(directory)
        yield home
        for daemon in home.daemons:
            daemon.close()


def test_an_application_finds_the_daemon_s_server_and_a_printed_url_too(home: Home) -> None:
    daemon = home.start()
    home.enqueue("found")
    home.await_line("found")
    assert daemon.process.stdout is not None
    name, _, url = daemon.process.stdout.readline().decode().strip().partition("=")
    assert name == "DATABASE_URL"
    with psycopg.connect(url) as connection:
        row = connection.execute("SHOW server_encoding").fetchone()
    assert row == ("UTF8",)
    assert daemon.leave() == 0
    wait_until(lambda: home.postmaster() is None, "the server stopped with its last user")


def test_jobs_enqueued_before_the_first_start_are_performed(home: Home) -> None:
    home.enqueue("early")
    wait_until(lambda: home.postmaster() is None, "the server stopped with the application")
    daemon = home.start()
    home.await_line("early")
    assert daemon.leave() == 0


def test_after_kill_9_of_everything_the_server_is_found_again_with_its_jobs(home: Home) -> None:
    daemon = home.start()
    server = home.postmaster()
    daemon.kill_all()
    assert home.postmaster() == server
    home.enqueue("afterwards")
    again = home.start()
    home.await_line("afterwards")
    assert again.leave() == 0
    wait_until(lambda: home.postmaster() is None, "the server stopped with its last user")


def test_two_daemons_share_one_server_and_the_last_one_stops_it(home: Home) -> None:
    first = home.start()
    second = home.start()
    server = home.postmaster()
    assert server is not None
    assert first.leave() == 0
    assert home.postmaster() == server
    home.enqueue("still")
    home.await_line("still")
    assert second.leave() == 0
    wait_until(lambda: home.postmaster() is None, "the server stopped with its last user")


def test_ctrl_c_in_a_terminal_reaches_the_supervisor_and_not_the_server(home: Home) -> None:
    daemon = home.start()
    os.killpg(daemon.pid, signal.SIGINT)
    assert daemon.wait() == 0
    assert "Traceback" not in daemon.log.read_text()
    wait_until(lambda: home.postmaster() is None, "the server was stopped in order")
    assert "database system was not properly shut down" not in (home.data_dir / "server.log").read_text()
