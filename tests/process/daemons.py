"""Real daemons, in processes of their own, on a real database."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.servers import Database
from tests.waiting import wait_until

APPS = Path(__file__).parent / "apps"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "delayed_daemon", *arguments]


def environment(**changes: str) -> dict[str, str]:
    """Ours without the project's settings, which would reach the daemon."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DELAYED_DAEMON_")}
    kept.pop("DATABASE_URL", None)
    return {**kept, "PYTHONPATH": f"{APPS.parents[2]}:{APPS}", "PYTHONWARNINGS": "default", **changes}


def children_of(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def title_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").decode()
    return ""


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


class Daemon:
    """One ``delayed-daemon start``; its log is read back from a file."""

    def __init__(self, log: Path, arguments: list[str], env: dict[str, str]) -> None:
        self.log = log
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(
                arguments,
                cwd=APPS,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
            )
        self.seen: set[int] = {self.process.pid}

    @property
    def pid(self) -> int:
        return self.process.pid

    def events(self, event: str | None = None, **fields: Any) -> list[dict[str, Any]]:
        found = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        wanted = fields if event is None else {"event": event, **fields}
        return [each for each in found if all(each.get(key) == value for key, value in wanted.items())]

    def await_event(self, event: str, *, seconds: float = 30.0, **fields: Any) -> dict[str, Any]:
        def happened() -> list[dict[str, Any]]:
            if self.process.poll() is not None and not self.events(event, **fields):
                raise AssertionError(f"the daemon left with {self.process.returncode}:\n{self.log.read_text()}")
            return self.events(event, **fields)

        return wait_until(
            happened, f"the log has {event} {fields or ''}:\n{self.log.read_text()[-3000:]}", seconds=seconds
        )[-1]

    def processes(self, role: str = "") -> list[int]:
        """Living children whose title has this role: ``worker``, ``maintenance``, ``fork server``."""
        found = [pid for pid in children_of(self.pid) if f"delayed-daemon: {role}" in title_of(pid) and is_running(pid)]
        self.seen.update(children_of(self.pid))
        return found

    def process_of(self, role: str) -> int:
        return wait_until(lambda: self.processes(role), f"there is a {role}")[0]

    def tell(self, number: signal.Signals) -> None:
        self.processes()
        self.process.send_signal(number)

    def leave(self, number: signal.Signals = signal.SIGTERM, *, seconds: float = 40.0) -> int:
        self.tell(number)
        return self.wait(seconds)

    def wait(self, seconds: float = 40.0) -> int:
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the daemon does not leave:\n{self.log.read_text()[-3000:]}") from None

    def kill_all(self) -> None:
        """As if the host were gone: every process at once, the supervisor first so that none is replaced."""
        self.processes()
        for pid in [self.pid, *(self.seen - {self.pid})]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        for pid in [self.pid, *children_of(self.pid), *self.seen]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(30)
        wait_until(lambda: not any(map(is_running, self.seen)), "all processes of the daemon are gone")

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill_all()
        assert self.process.stdout is not None
        self.process.stdout.close()


class Site:
    """A database with a schema of its own, a ledger, and the daemons that run on them."""

    def __init__(self, database: Database, directory: Path) -> None:
        self.database = database
        self.directory = directory
        self.ledger = str(directory / "ledger")
        self.daemons: list[Daemon] = []
        Path(self.ledger).touch()

    def start(
        self,
        *options: str,
        workers: int | None = 2,
        app: str = "chores",
        ready: bool = True,
        database_url: str | None = None,
        **env: str,
    ) -> Daemon:
        number = [] if workers is None else ["--workers", str(workers)]
        arguments = command("start", *self.options(app, database_url), *number, "--log-format", "json", *options)
        daemon = Daemon(self.directory / f"daemon-{len(self.daemons)}.log", arguments, environment(**env))
        self.daemons.append(daemon)
        if ready:
            daemon.await_event("daemon.started")
            daemon.processes()
        return daemon

    def options(self, app: str = "chores", database_url: str | None = None) -> list[str]:
        return ["--database-url", database_url or self.database.url, "--schema", self.database.schema, "--app", app]

    def run(self, *arguments: str, seconds: float = 60.0) -> subprocess.CompletedProcess[str]:
        """A command of the CLI, to its end."""
        return subprocess.run(
            command(*arguments),
            cwd=APPS,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
        )

    def migrate(self) -> None:
        done = self.run("migrate", "--database-url", self.database.url, "--schema", self.database.schema)
        assert done.returncode == 0, done.stderr

    def rows(
        self, query: str = "SELECT * FROM delayed_jobs ORDER BY id", parameters: Any = None
    ) -> list[dict[str, Any]]:
        connection = self.database.connect()
        with connection.cursor() as cursor:
            cursor.execute(query, parameters)
            names = [column.name for column in cursor.description or ()]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        connection.close()
        return rows

    def row(self, job_id: int | None) -> dict[str, Any] | None:
        return next(iter(self.rows("SELECT * FROM delayed_jobs WHERE id = %s", [job_id])), None)

    def count(self, condition: str = "true") -> int:
        return int(self.rows(f"SELECT count(*) FROM delayed_jobs WHERE {condition}")[0]["count"])

    def count_idle_daemons(self) -> int:
        """How many say that a worker of theirs is idle."""
        return int(self.rows("SELECT count(*) FROM delayed_daemons WHERE idle")[0]["count"])

    def await_empty(self, *, seconds: float = 60.0) -> None:
        wait_until(lambda: self.count() == 0, "every job is performed", seconds=seconds)

    def lines(self) -> list[str]:
        """What the jobs wrote, without the pids."""
        return [line.split()[0] for line in Path(self.ledger).read_text().splitlines()]

    def pids(self) -> list[int]:
        return [int(line.split()[1]) for line in Path(self.ledger).read_text().splitlines()]

    def await_line(self, line: str, *, times: int = 1, seconds: float = 30.0) -> None:
        wait_until(lambda: self.lines().count(line) >= times, f"the ledger has {line} {times} times", seconds=seconds)

    def gate(self, name: str = "gate") -> Path:
        return self.directory / name

    def assert_nothing_locked(self) -> None:
        assert self.rows("SELECT id, locked_by FROM delayed_jobs WHERE locked_by IS NOT NULL") == []

    def assert_gone(self, daemon: Daemon) -> None:
        """In an orderly way: no process, no row, no lock."""
        wait_until(lambda: not any(map(is_running, daemon.seen)), "no process is left")
        assert self.rows("SELECT name FROM delayed_daemons") == []
        self.assert_nothing_locked()

    def close(self) -> None:
        for daemon in self.daemons:
            daemon.close()


def exactly_once(lines: Iterable[str], expected: Iterable[str]) -> None:
    """Nothing lost, nothing doubled."""
    assert Counter(lines) == Counter(expected)
