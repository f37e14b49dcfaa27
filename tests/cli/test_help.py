from __future__ import annotations

import subprocess
import sys

import pytest

from delayed_daemon import __version__
from delayed_daemon.cli.entry import COMMANDS, delayed_daemon
from delayed_daemon.cli.on_demand import CommandsOnDemand
from delayed_daemon.settings import SETTINGS

NAMES = [name for section in COMMANDS.values() for name in section]


def test_version(command):
    ended = command("--version")
    assert (ended.code, ended.out) == (0, f"delayed-daemon {__version__}\n")


def test_help_lists_every_command_under_a_heading(command):
    ended = command("--help")
    assert ended.code == 0
    for heading, commands in COMMANDS.items():
        assert f"{heading}:\n" in ended.out
        for name, sentence in commands.items():
            assert name in ended.out
            assert sentence in ended.out


def test_no_command_at_all_shows_the_help(command):
    ended = command()
    assert ended.code == 2
    assert "Usage: delayed-daemon" in ended.err


@pytest.mark.parametrize("name", NAMES)
def test_the_list_of_commands_says_what_each_says_of_itself(name):
    assert isinstance(delayed_daemon, CommandsOnDemand)
    command = delayed_daemon.get_command(None, name)
    sentences = {name: sentence for section in COMMANDS.values() for name, sentence in section.items()}
    assert command.name == name
    assert command.help.splitlines()[0] == sentences[name]


@pytest.mark.parametrize("name", ["start", "work-off", "config"])
def test_help_shows_every_setting_with_its_default_and_variable(command, name):
    text = " ".join(command(name, "--help").out.split())
    for setting in SETTINGS:
        default = f"default: {setting.default_text}; " if setting.default_text else ""
        assert setting.flag in text
        assert f"{setting.help} [{default}env: {setting.variable}]" in text
        assert f"{setting.section}:" in text
    assert "-n, --workers" in text
    assert "--log-jobs / --no-log-jobs" in text
    assert "--config FILE" in text


def test_commands_take_only_the_settings_that_concern_them(command):
    text = command("status", "--help").out
    assert "--database-url" in text
    assert "--workers" not in text


@pytest.mark.parametrize("name", ["start", "work-off", "config"])
def test_the_process_that_becomes_the_supervisor_loads_neither_driver_nor_yaml(name):
    program = (
        "import sys; from delayed_daemon.cli.entry import run; run([sys.argv[1], '--help']);"
        "print(sorted({'psycopg', 'yaml'} & set(sys.modules)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, name], capture_output=True, text=True, check=True, timeout=60
    )
    assert ended.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", [*(name for name in NAMES if name not in ("jobs", "init", "version")), "jobs list"])
def test_settings_can_be_completed_in_the_shell(command, name):
    ended = command(
        _DELAYED_DAEMON_COMPLETE="bash_complete",
        COMP_WORDS=f"delayed-daemon {name} --log-level ",
        COMP_CWORD=str(2 + len(name.split())),
    )
    assert [line.split(",")[-1] for line in ended.out.splitlines()] == ["debug", "info", "warning", "error"]
