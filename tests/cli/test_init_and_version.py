from __future__ import annotations

import json
import platform
import shlex
import stat

import psycopg
import pytest

from delayed_daemon import __version__
from delayed_daemon.settings import SETTINGS, resolve


def test_what_init_writes_performs_a_job_by_the_commands_that_it_prints(on_database, place, migrated):
    (place / "app.py").unlink()
    ended = on_database("init")
    assert (ended.code, ended.err) == (0, "")
    assert sorted(path.name for path in place.iterdir()) == ["delayed-daemon.yml", "jobs.py"]
    commands = [shlex.split(line) for line in ended.out.splitlines() if line.startswith("  delayed-daemon ")]
    assert [each[1] for each in commands] == ["enqueue", "work-off"]
    enqueued, performed = (on_database(*each[1:]) for each in commands)
    assert (enqueued.code, enqueued.out.strip().isdecimal()) == (0, True), enqueued.err
    assert (performed.code, performed.out) == (0, "Hello, Ada!\n"), performed.err


def test_the_file_that_init_writes_sets_the_application_alone_and_explains_everything(command, place):
    command("init")
    resolved = resolve({}, {}, place / "delayed-daemon.yml")
    assert {name for name, source in resolved.sources.items() if source != "default"} == {"app"}
    assert resolved.config.app == ("jobs",)
    text = (place / "delayed-daemon.yml").read_text()
    assert all(f"{setting.name}:" in text for setting in SETTINGS)


def test_init_makes_the_directory_and_says_to_go_there(command, place):
    ended = command("init", "--directory", "the shop")
    assert ended.code == 0
    assert "  cd 'the shop'\n" in ended.out
    assert (place / "the shop" / "jobs.py").exists()


@pytest.mark.parametrize("there", ["jobs.py", "delayed-daemon.yml"])
def test_init_overwrites_nothing_and_then_writes_nothing(command, place, there):
    (place / there).write_text("mine")
    ended = command("init")
    assert ended.code == 2
    assert ended.complaints == [f"delayed-daemon: {there} would be overwritten; name another place with --directory"]
    assert (place / there).read_text() == "mine"
    assert sorted(path.name for path in place.iterdir()) == sorted(["app.py", there])


def test_init_does_not_follow_a_dangling_link(command, place):
    (place / "jobs.py").symlink_to("elsewhere.py")
    ended = command("init")
    assert ended.code == 2
    assert not (place / "elsewhere.py").exists()
    assert not (place / "delayed-daemon.yml").exists()


def test_init_where_a_file_is_in_the_way_says_so(command, place):
    ended = command("init", "--directory", "app.py/below")
    assert ended.code == 2
    assert "app.py/below: cannot be written: Not a directory" in ended.err


def test_the_files_are_readable_and_not_executable(command, place):
    command("init")
    assert not stat.S_IMODE((place / "jobs.py").stat().st_mode) & 0o111


def test_version_names_everything_a_bug_report_needs(command):
    document = json.loads(command("version", "--json").out)
    assert document["delayed_daemon"] == __version__
    assert document["python"] == platform.python_version()
    assert document["psycopg"].startswith(psycopg.__version__)
    assert document["libpq"] == psycopg.pq.version_pretty(psycopg.pq.version())
    lines = command("version").out.splitlines()
    assert [line.split()[0] for line in lines] == ["delayed-daemon", "python", "psycopg", "libpq", "platform"]
    assert lines[0].split()[1] == __version__
