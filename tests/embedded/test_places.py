"""Where the files are: the same place for every process of one user, and never somebody else's."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from delayed_daemon.embedded import account, places
from delayed_daemon.errors import EmbeddedServerError


@pytest.fixture
def me() -> account.Account:
    return account.Account(os.geteuid(), os.getegid(), "me")


@pytest.fixture
def ordinary_user(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr("sys.platform", "linux")


def test_roots_data_is_outside_roots_closed_home(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert places.default_data_dir() == Path("/var/lib/delayed-daemon")


def test_a_users_data_is_where_the_desktop_standard_says(monkeypatch, ordinary_user):
    monkeypatch.setenv("HOME", "/home/ann")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert places.default_data_dir() == Path("/home/ann/.local/share/delayed-daemon")
    monkeypatch.setenv("XDG_DATA_HOME", "/data/ann")
    assert places.default_data_dir() == Path("/data/ann/delayed-daemon")


def test_a_users_data_on_macos_is_in_application_support(monkeypatch, ordinary_user):
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setenv("HOME", "/Users/ann")
    assert places.default_data_dir() == Path("/Users/ann/Library/Application Support/delayed-daemon")


def test_two_spellings_of_a_directory_are_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "data")
    assert places.resolve_data_dir(Path("data")) == places.resolve_data_dir(tmp_path / "link")


def test_a_tilde_in_a_configuration_file_is_the_home_directory(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert places.resolve_data_dir(Path("~/data")) == tmp_path / "data"


def test_a_line_break_in_the_data_directory_is_refused(tmp_path):
    with pytest.raises(EmbeddedServerError, match="line break"):
        places.resolve_data_dir(tmp_path / "a\nb")


def test_a_postgresql_data_directory_is_not_taken_for_ours(tmp_path):
    (tmp_path / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedServerError, match="give --data-dir its parent"):
        places.make_data_dir(tmp_path)


def test_a_directory_that_exists_keeps_its_mode(tmp_path):
    data_dir = tmp_path / "data"
    data_dir.mkdir(mode=0o750)
    places.make_data_dir(data_dir)
    assert data_dir.stat().st_mode & 0o777 == 0o750


def test_a_data_directory_that_cannot_be_made_says_what_to_do(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedServerError, match="choose another directory with --data-dir"):
        places.make_data_dir(tmp_path / "file" / "data")


def test_the_socket_is_in_the_data_directory_where_its_address_fits(tmp_path, me):
    socket_dir = places.make_socket_dir(tmp_path, me)
    assert socket_dir == tmp_path / "run"
    assert socket_dir.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["x" * 100, "a,b", 'a"b', "a'b", "a\\b", "a\tb"])
def test_the_socket_of_an_awkward_data_directory_has_a_short_plain_address(tmp_path, me, name):
    socket_dir = places.make_socket_dir(tmp_path / name, me)
    try:
        assert str(socket_dir).startswith(f"/tmp/dd-{me.uid}-")
        assert socket_dir.stat().st_mode & 0o777 == 0o700
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(socket_dir / ".s.PGSQL.5432"))
        (socket_dir / ".s.PGSQL.5432").unlink()
        assert places.make_socket_dir(tmp_path / name, me) == socket_dir
    finally:
        socket_dir.rmdir()


def test_different_data_directories_never_share_a_socket(tmp_path, me):
    made = [places.make_socket_dir(tmp_path / f"{letter * 100}", me) for letter in "ab"]
    for socket_dir in made:
        socket_dir.rmdir()
    assert made[0] != made[1]


def test_a_link_planted_where_the_socket_goes_is_refused(tmp_path, me):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "run").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EmbeddedServerError, match="only me may enter"):
        places.make_socket_dir(tmp_path, me)


def test_a_socket_directory_open_to_others_is_refused(tmp_path, me):
    (tmp_path / "run").mkdir()
    (tmp_path / "run").chmod(0o755)
    with pytest.raises(EmbeddedServerError, match="only me may enter"):
        places.make_socket_dir(tmp_path, me)


def test_a_socket_directory_of_another_user_is_refused(tmp_path, me):
    (tmp_path / "run").mkdir(mode=0o700)
    with pytest.raises(EmbeddedServerError, match="look who made it"):
        places.make_socket_dir(tmp_path, account.Account(me.uid + 1, me.gid, "another"))


def test_a_log_that_has_grown_large_is_set_aside_at_the_next_start(tmp_path):
    places.log_path(tmp_path).write_bytes(b"x" * (5 * 1024 * 1024))
    os.close(places.open_log(tmp_path))
    assert places.log_path(tmp_path).stat().st_size == 0
    assert (tmp_path / "server.log.1").stat().st_size == 5 * 1024 * 1024


def test_a_small_log_is_continued(tmp_path):
    places.log_path(tmp_path).write_text("earlier\n")
    os.close(places.open_log(tmp_path))
    assert places.log_path(tmp_path).read_text() == "earlier\n"
