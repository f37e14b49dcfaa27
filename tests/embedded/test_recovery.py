"""After a crash: whatever died, the next start works, and what was committed is there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg import pq

from delayed_daemon.embedded import postmaster, readiness
from delayed_daemon.embedded.server import EmbeddedServer
from delayed_daemon.host.processes import is_running
from tests.embedded.holders import ask, run_sql, running_pid
from tests.waiting import wait_until


@pytest.fixture
def data_dir(used_data_dir):
    return used_data_dir


@pytest.fixture
def server(data_dir):
    with EmbeddedServer(data_dir, durable=False) as server:
        run_sql(server.url, "CREATE TABLE kept AS SELECT 7 AS number")
        yield server


def kill_postmaster(data_dir: Path) -> int:
    pid = running_pid(data_dir)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_running(pid), "the killed postmaster is gone")
    return pid


def test_a_killed_server_is_gone_for_who_looks_and_starts_again_with_its_data(server, data_dir):
    kill_postmaster(data_dir)
    assert EmbeddedServer(data_dir).find() is None
    with EmbeddedServer(data_dir) as again:
        assert ask(again.url, "SELECT number FROM kept") == 7
        assert again.url == server.url


def test_the_pid_of_a_dead_server_that_became_another_programs_does_not_matter(server, data_dir):
    pid_file = next(data_dir.glob("pg*/postmaster.pid"))
    dead = kill_postmaster(data_dir)
    stranger = subprocess.Popen(["cat"], stdin=subprocess.PIPE, start_new_session=True)
    for lock in (pid_file, next(data_dir.glob("run/.s.PGSQL.*.lock"))):
        lock.write_text(lock.read_text().replace(str(dead), str(stranger.pid), 1))
    assert EmbeddedServer(data_dir).find() is None
    with EmbeddedServer(data_dir) as again:
        assert ask(again.url, "SELECT number FROM kept") == 7
    server.release()
    assert stranger.poll() is None
    stranger.communicate()


def test_a_stranger_with_the_pid_of_the_server_is_never_signalled(data_dir, tmp_path):
    stranger = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    assert not postmaster.Postmaster(stranger.pid, tmp_path).interrupt()
    assert stranger.poll() is None
    stranger.communicate()
    assert stranger.returncode == 0


def test_a_zombie_is_not_alive():
    zombie = subprocess.Popen(["true"])
    wait_until(lambda: not is_running(zombie.pid), "the process has ended, though nobody reaped it")
    assert zombie.wait() == 0
    assert is_running(os.getpid())


def test_a_server_that_stays_a_zombie_does_not_block_the_next_start(data_dir):
    """A process that adopts the dead server and never reaps it stands for a container's process 1."""
    script = """
import ctypes, os, signal, sys
from pathlib import Path
from delayed_daemon.embedded import cluster, postmaster
from delayed_daemon.embedded.server import EmbeddedServer

PR_SET_CHILD_SUBREAPER = 36
data_dir = Path(sys.argv[1])
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
EmbeddedServer(data_dir, durable=False).acquire()
dead = postmaster.recorded(cluster.existing(data_dir)).pid
os.kill(dead, signal.SIGKILL)
with EmbeddedServer(data_dir):
    assert postmaster.recorded(cluster.existing(data_dir)).pid != dead
    if sys.platform == "linux":
        os.kill(dead, 0)
"""
    subprocess.run([sys.executable, "-c", script, str(data_dir)], check=True)


def test_a_start_waits_for_the_sessions_that_a_killed_server_left(server, data_dir, hold):
    with psycopg.connect(server.url, autocommit=True) as session:
        backend = session.info.backend_pid
        os.kill(backend, signal.SIGSTOP)
        try:
            kill_postmaster(data_dir)
            starting = hold()
            log = data_dir / "server.log"
            wait_until(lambda: "is still in use" in log.read_text(), "PostgreSQL refused, as a session is left")
        finally:
            os.kill(backend, signal.SIGCONT)
    assert ask(starting.url(), "SELECT number FROM kept") == 7


def test_a_server_that_is_shutting_down_is_waited_for_and_started_anew(server, data_dir, hold):
    pid = running_pid(data_dir)
    with psycopg.connect(server.url, autocommit=True):
        os.kill(pid, signal.SIGTERM)
        socket_dir = data_dir / "run"
        wait_until(lambda: readiness.ping(socket_dir) is pq.Ping.REJECT, "it waits for its last session to end")
        starting = hold()
    assert ask(starting.url(), "SELECT number FROM kept") == 7
    assert running_pid(data_dir) != pid


def test_several_who_come_after_a_crash_start_it_once(server, data_dir, hold):
    kill_postmaster(data_dir)
    assert {process.url() for process in [hold() for _ in range(3)]} == {server.url}
    assert ask(server.url, "SELECT number FROM kept") == 7


def test_a_data_directory_that_was_moved_keeps_its_jobs(server, data_dir, directory):
    server.release()
    data_dir.rename(directory / "moved")
    with EmbeddedServer(directory / "moved") as moved:
        assert ask(moved.url, "SELECT number FROM kept") == 7
        assert "moved" in moved.url


def test_releasing_a_server_that_was_killed_is_quiet(server, data_dir):
    kill_postmaster(data_dir)
    server.release()
