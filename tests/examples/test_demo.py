from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from delayed_daemon.embedded.server import EmbeddedServer
from tests.examples.shops import PYTHON_PATH
from tests.servers import throw_away_directory

pytestmark = pytest.mark.xdist_group("demo")

_SUMMARY = re.compile(
    r"mails received: (\d+), images written: (\d+), rows imported: (\d+), products in the search index: (\d+)"
)


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    with throw_away_directory() as directory:
        yield directory / "data"


@pytest.fixture
def directory_of_another_server() -> Iterator[Path]:
    """Nothing in it yet: the demo is stopped while it makes the server."""
    with throw_away_directory() as directory:
        yield directory / "data"


@pytest.fixture
def environment(data_dir: Path) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "DELAYED_DAEMON_DATABASE_URL")
    }
    return {**kept, "PYTHONPATH": PYTHON_PATH, "DELAYED_DAEMON_DATA_DIR": str(data_dir)}


def start_demo(environment: dict[str, str], *options: str | Path) -> subprocess.Popen[str]:
    """As from a terminal: in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "shop.demo", *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        start_new_session=True,
    )


def assert_ended_in_order(demo: subprocess.Popen[str], data_dir: Path) -> str:
    """Its output: complete only when every process that inherited it has ended, the workers too."""
    output, _ = demo.communicate(timeout=90)
    assert demo.returncode == 0, output
    assert "daemon.stopped" in output
    assert "daemon.quitting" not in output
    assert EmbeddedServer(data_dir).find() is None
    return output


def test_the_demo_performs_every_kind_of_job_and_ends_by_itself(
    environment: dict[str, str], data_dir: Path, tmp_path: Path
) -> None:
    output = assert_ended_in_order(start_demo(environment, "--seconds", "8", "--dir", tmp_path), data_dir)
    mails, images, rows, indexed = map(int, _SUMMARY.search(output).groups())
    assert mails == len(list((tmp_path / "mails").glob("*.eml"))) >= 20
    assert images == len(list((tmp_path / "thumbnails").iterdir())) > 0
    assert rows >= 500
    assert 0 < indexed <= rows
    assert "DATABASE_URL=postgresql://" in output
    assert "jobs.performed" in output
    assert '"failed": 0' in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_term_and_a_closed_terminal_stop_the_demo_and_all_it_started(
    environment: dict[str, str], data_dir: Path, tmp_path: Path, number: signal.Signals
) -> None:
    demo = start_demo(environment, "--dir", tmp_path)
    wait_for_line(demo, "jobs.performed")
    os.killpg(demo.pid, number)
    assert _SUMMARY.search(assert_ended_in_order(demo, data_dir))


def test_ctrl_c_while_the_demo_is_still_making_ready_leaves_nothing_behind(
    environment: dict[str, str], directory_of_another_server: Path, tmp_path: Path
) -> None:
    data_dir = directory_of_another_server
    demo = start_demo({**environment, "DELAYED_DAEMON_DATA_DIR": str(data_dir)}, "--dir", tmp_path)
    wait_for_line(demo, "Making ready")
    os.killpg(demo.pid, signal.SIGINT)
    output, _ = demo.communicate(timeout=90)
    assert demo.returncode == 0, output
    assert "Traceback" not in output
    assert EmbeddedServer(data_dir).find() is None


def wait_for_line(demo: subprocess.Popen[str], part: str) -> None:
    seen = []
    for line in demo.stdout:
        seen.append(line)
        if part in line:
            return
    raise AssertionError(f"the demo ended without {part}: {''.join(seen)}")
