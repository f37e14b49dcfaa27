from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from delayed_daemon.embedded.server import EmbeddedServer
from tests.embedded.holders import HoldingProcess
from tests.servers import throw_away_directory

# Only root can act under other accounts; for an ordinary user every other test shows what such a user gets.
collect_ignore = [] if os.geteuid() == 0 and sys.platform == "linux" else ["test_root.py"]


@pytest.fixture
def directory() -> Iterator[Path]:
    with throw_away_directory() as directory:
        yield directory


@pytest.fixture
def data_dir(directory: Path) -> Path:
    return directory / "data"


@pytest.fixture(scope="session")
def used_once() -> Iterator[Path]:
    """A data directory whose server has been started and stopped, to copy from: quicker than a first start."""
    with throw_away_directory() as directory:
        with EmbeddedServer(directory / "data", durable=False):
            pass
        yield directory / "data"


@pytest.fixture
def used_data_dir(used_once: Path, directory: Path) -> Path:
    subprocess.run(["cp", "-Rp", used_once, directory / "data"], check=True)
    return directory / "data"


@pytest.fixture
def hold(data_dir: Path) -> Iterator[Callable[..., HoldingProcess]]:
    """Starts processes that hold the server of ``data_dir``; they are gone after the test."""
    started: list[HoldingProcess] = []

    def start(**environment: str) -> HoldingProcess:
        started.append(HoldingProcess(data_dir, **environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()
