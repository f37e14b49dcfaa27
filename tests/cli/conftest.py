from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import delayed_daemon
from delayed_daemon.store.connection import connect
from delayed_daemon.store.migration import migrate
from tests.servers import Database, throw_away_directory

_ROOT = Path(delayed_daemon.__file__).parent.parent
_PATH = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
_APPLICATION = """
from dataclasses import dataclass


@dataclass
class Newsletter:
    text: str
    emails: list[str]
    tries: int = 3

    def perform(self):
        pass


class Patient:
    queue_name = "slow"
    priority = 7

    def perform(self):
        pass


class NotAJob:
    @classmethod
    def call(cls, x):
        pass

    def note(self, x):
        pass


def resize(path, width=3):
    pass


def _private():
    pass
"""


@dataclass
class Ended:
    """A command that has ended: what it printed and how it left."""

    code: int
    out: str
    err: str

    @property
    def complaints(self) -> list[str]:
        return self.err.splitlines()


Command = Callable[..., Ended]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A working directory with a small application in it."""
    (tmp_path / "app.py").write_text(_APPLICATION)
    return tmp_path


@pytest.fixture
def command(place: Path) -> Command:
    """Runs ``delayed-daemon`` as its own process, with no settings but those given."""

    def run(*arguments: object, **variables: str) -> Ended:
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DELAYED_DAEMON_", "DATABASE_URL", "PG", "COVERAGE"))
        }
        ended = subprocess.run(
            [sys.executable, "-m", "delayed_daemon", *map(str, arguments)],
            cwd=place,
            env={**clean, "PYTHONPATH": _PATH, "COLUMNS": "100", **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    return run


@pytest.fixture
def on_database(command: Command, database) -> Command:
    """The same, for commands that talk to the test's own schema."""

    def run(*arguments: object, **variables: str) -> Ended:
        return command(
            *arguments, DELAYED_DAEMON_DATABASE_URL=database.url, DELAYED_DAEMON_SCHEMA=database.schema, **variables
        )

    return run


@pytest.fixture
def migrated(database: Database) -> Database:
    """The test's own schema, with the tables."""
    with connect(database.url, application_name="test") as connection:
        migrate(connection, database.schema)
    return database


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Where an embedded server of the test's own may keep its data."""
    with throw_away_directory() as directory:
        yield directory / "data"
