"""The service files name options, settings and paths that there are, and their own tools accept them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from delayed_daemon.cli.entry import COMMANDS
from delayed_daemon.settings.catalogue import PREFIX, SETTINGS

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "systemd").glob("*.service"))
SHELL = [*sorted((ROOT / "runit").rglob("run")), ROOT / "runit" / "finish"]
FILES = [*UNITS, *SHELL, ROOT / "Dockerfile"]
SCRIPTS = [*SHELL, *sorted(path for path in (ROOT / ".ci").iterdir() if path.is_file())]

COMMAND_NAMES = {name for section in COMMANDS.values() for name in section}
FLAGS = {
    "--config",
    "--help",
    *(each.flag for each in SETTINGS),
    *(f"-{each.short}" for each in SETTINGS if each.short),
}
VARIABLES = {"DELAYED_DAEMON_CONFIG", *(each.variable for each in SETTINGS)}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_are_service_files() -> None:
    assert UNITS
    assert len(SHELL) == 3


@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_command_option_and_variable_of_the_daemon_is_a_real_one(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for command, arguments in re.findall(r"/?bin/delayed-daemon (\S+)(.*)$", text, re.MULTILINE):
        assert command in COMMAND_NAMES
        assert set(re.findall(r"(?<!\S)(--?[a-z][a-z-]*)", arguments)) <= FLAGS
    for arguments in re.findall(r"^# docker run .* delayed-daemon (.*)$", text, re.MULTILINE):
        assert arguments.split()[0] in COMMAND_NAMES
        assert set(re.findall(r"(?<!\S)(--?[a-z][a-z-]*)", arguments)) <= FLAGS
    for command in re.findall(r'^CMD \["(.*?)"', text, re.MULTILINE):
        assert command in COMMAND_NAMES
    assert set(re.findall(rf"\b{PREFIX}[A-Z_]+", text)) <= VARIABLES
    assert set(re.findall(r"\b(\w+_timeout)\b", text)) <= {each.name for each in SETTINGS}


def test_the_daemon_is_started_by_each_way_of_running_it() -> None:
    assert all(re.search(r"^ExecStart=\S+/delayed-daemon start\b", unit.read_text(), re.MULTILINE) for unit in UNITS)
    assert re.search(r"^exec .*/delayed-daemon start\b", (ROOT / "runit" / "run").read_text(), re.MULTILINE)
    docker = (ROOT / "Dockerfile").read_text()
    assert 'ENTRYPOINT ["delayed-daemon"]' in docker
    assert 'CMD ["start"]' in docker


def test_what_the_dockerfile_copies_is_there_and_its_extra_exists() -> None:
    text = (ROOT / "Dockerfile").read_text()
    for copied in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE):
        assert [each for each in copied.split() if not (ROOT / each).exists()] == []
    extras = set(re.findall(r"'\.\[(\w+)\]'", text))
    assert extras
    assert all(f"\n{extra} = [" in (ROOT / "pyproject.toml").read_text() for extra in extras)


def test_systemd_waits_longer_than_the_shutdown_timeout() -> None:
    [timeout] = [each.default for each in SETTINGS if each.name == "shutdown_timeout"]
    for unit in UNITS:
        text = unit.read_text()
        [stop] = re.findall(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)
        assert int(stop) > timeout
        assert f"shutdown_timeout ({timeout:g} s unless set)" in text


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_shell_scripts_are_well_formed_and_may_be_run(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    shell = "bash" if first.endswith("bash") else "sh"
    assert first in ("#!/bin/sh", "#!/usr/bin/env bash")
    checked = subprocess.run([shell, "-n", path], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert path.stat().st_mode & 0o111 == 0o111


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
@pytest.mark.parametrize("unit", UNITS, ids=name)
def test_systemd_accepts_the_unit(unit: Path, tmp_path: Path) -> None:
    """With programs that are here in place of those of a real installation."""
    copy = tmp_path / unit.name
    copy.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", copy],
        capture_output=True,
        text=True,
        timeout=60,
    )
    said = [line for line in (done.stdout + done.stderr).splitlines() if unit.name in line]
    assert said == []
