"""What a person sees, and a service manager gets as exit code, when something is wrong."""

from __future__ import annotations

import os
import socket
import sys

import pytest


@pytest.fixture
def closed_port():
    """A port of this machine that nobody listens on while the test runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_every_wrong_setting_is_reported_at_once_with_its_source(command, place):
    (place / "daemon.yml").write_text("wrokers: 3\nlease: soon\n")
    ended = command("start", "--workers", "four", "--config", "daemon.yml", DELAYED_DAEMON_SLEEP="long")
    assert ended.code == 2
    assert ended.out == ""
    assert ended.complaints == [
        "delayed-daemon: wrokers: unknown setting; did you mean workers? (daemon.yml line 1)",
        'delayed-daemon: workers: "four" is not a whole number (command line)',
        'delayed-daemon: sleep: "long" is not a duration: seconds, or a number with s, m, h or d'
        " (environment DELAYED_DAEMON_SLEEP)",
        'delayed-daemon: lease: "soon" is not a duration: seconds, or a number with s, m, h or d (daemon.yml line 2)',
    ]


@pytest.mark.parametrize("name", ["start", "work-off", "status", "migrate", "config", "enqueue"])
def test_no_command_begins_with_a_wrong_setting(command, name):
    arguments = ["app.Newsletter"] if name == "enqueue" else []
    ended = command(name, *arguments, DELAYED_DAEMON_WORKERS="four")
    assert ended.code == 2
    assert ended.complaints == [
        'delayed-daemon: workers: "four" is not a whole number (environment DELAYED_DAEMON_WORKERS)'
    ]


def test_an_unknown_option_or_command_points_at_the_help(command):
    ended = command("start", "--wrokers", "4")
    assert ended.code == 2
    assert "--wrokers" in ended.complaints[0]
    assert ended.complaints[-1] == "See: delayed-daemon start --help"
    ended = command("strat")
    assert ended.code == 2
    assert "strat" in ended.complaints[0]
    assert ended.complaints[-1] == "See: delayed-daemon --help"


@pytest.mark.parametrize("name", ["status", "migrate"])
def test_a_database_that_cannot_be_reached_is_exit_code_3_without_traceback_or_password(command, closed_port, name):
    ended = command(name, "--database-url", f"postgresql://shop:hunter2@127.0.0.1:{closed_port}/shop")
    assert ended.code == 3
    assert len(ended.complaints) == 1
    assert ended.err.startswith("delayed-daemon: the database cannot be reached: ")
    assert "hunter2" not in ended.err


def test_the_traceback_is_shown_when_debugging(command, closed_port):
    url = f"postgresql://shop:hunter2@127.0.0.1:{closed_port}/shop"
    ended = command("status", "--database-url", url, "--log-level", "debug")
    assert ended.code == 3
    assert "Traceback (most recent call last)" in ended.err
    assert "hunter2" not in ended.err
    assert "Traceback" in command("status", "--database-url", url, DELAYED_DAEMON_LOG_LEVEL="debug").err


def test_a_database_that_does_not_exist_is_named(command, database):
    url = database.url.replace("/delayed?", "/no_such_database?")
    assert url != database.url
    ended = command("migrate", "--database-url", url)
    assert ended.code == 3
    assert 'database "no_such_database" does not exist' in ended.err


def test_psycopg_without_its_library_says_what_to_install(command, place):
    (place / "sitecustomize.py").write_text(
        "import ctypes.util, sys\n"
        "sys.modules['psycopg_c'] = sys.modules['psycopg_binary'] = None\n"
        "ctypes.util.find_library = lambda name: None\n"
    )
    ended = command("status", PYTHONPATH=os.pathsep.join([str(place), *sys.path]))
    assert ended.code == 3
    assert ended.complaints == ["delayed-daemon: psycopg finds no libpq; run: pip install 'delayed-daemon[binary]'"]


def test_an_embedded_server_that_cannot_be_made_says_why(command, place):
    (place / "file").write_text("in the way")
    ended = command("migrate", "--data-dir", place / "file")
    assert ended.code == 3
    assert str(place / "file") in ended.err
    assert "Traceback" not in ended.err
