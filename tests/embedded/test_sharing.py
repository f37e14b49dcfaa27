"""Many users, one server: it is there while anybody holds it, and gone with the last."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from delayed_daemon.embedded.holder import Holder
from delayed_daemon.embedded.server import EmbeddedServer
from delayed_daemon.errors import EmbeddedServerError
from tests.embedded.holders import ask, running_pid


@pytest.fixture
def data_dir(used_data_dir):
    return used_data_dir


def test_the_last_to_leave_stops_the_server(data_dir):
    first, second = EmbeddedServer(data_dir, durable=False), EmbeddedServer(data_dir, durable=False)
    assert first.acquire() == second.acquire()
    first.release()
    assert ask(second.url, "SELECT 1") == 1
    second.release()
    assert second.find() is None


def test_looking_for_a_server_makes_nothing(directory):
    assert EmbeddedServer(directory / "never used").find() is None
    assert not (directory / "never used").exists()


def test_an_application_finds_the_running_server_and_does_not_start_one(data_dir):
    application = EmbeddedServer(data_dir)
    assert application.find() is None
    with EmbeddedServer(data_dir, durable=False) as server:
        assert application.find() == server.url == application.url
    assert application.find() is None
    with pytest.raises(EmbeddedServerError, match="has not been started"):
        _ = application.url


def test_acquiring_twice_is_holding_once(data_dir):
    server = EmbeddedServer(data_dir, durable=False)
    assert server.acquire() == server.acquire()
    server.release()
    server.release()
    assert server.find() is None


def test_a_holder_killed_outright_is_forgotten_and_its_server_found_again(hold, data_dir):
    killed = hold()
    url = killed.url()
    killed.kill()
    pid = running_pid(data_dir)
    heir = EmbeddedServer(data_dir)
    assert heir.acquire() == url
    assert running_pid(data_dir) == pid
    heir.release()
    assert heir.find() is None


def test_a_holder_that_is_merely_terminated_leaves_the_server_to_the_next(hold, data_dir):
    process = hold()
    process.url()
    process.process.send_signal(signal.SIGTERM)
    process.process.wait()
    with EmbeddedServer(data_dir) as heir:
        assert ask(heir.url, "SELECT 1") == 1
    assert heir.find() is None


def test_a_forked_child_that_ends_in_any_way_stops_nothing(data_dir):
    script = """
import os, sys
from pathlib import Path
from delayed_daemon.embedded.server import EmbeddedServer

with EmbeddedServer(Path(sys.argv[1]), durable=False) as server:
    child = os.fork()
    if child == 0:
        server.release()
        sys.exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert server.find() == server.url
assert server.find() is None
"""
    subprocess.run([sys.executable, "-c", script, str(data_dir)], check=True)


def test_a_supervisor_holds_what_its_short_lived_children_start_and_stop(data_dir):
    script = """
import os, sys
from pathlib import Path
from delayed_daemon.embedded.holder import Holder

def in_child(act):
    child = os.fork()
    if child == 0:
        from delayed_daemon.embedded.server import EmbeddedServer
        server = EmbeddedServer(data_dir, durable=False)
        os._exit(0 if act(server) else 9)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

data_dir = Path(sys.argv[1])
holder = Holder(data_dir)
assert in_child(lambda server: server.start(holder)) == 0
assert in_child(lambda server: server.acquire() and (server.release() or server.find())) == 0
assert in_child(lambda server: server.stop_if_last(holder)) == 0
assert in_child(lambda server: server.find() is None) == 0
assert "psycopg" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script, str(data_dir)], check=True)


def test_a_process_that_outlives_its_parent_keeps_their_common_hold(data_dir):
    holder = Holder(data_dir)
    server = EmbeddedServer(data_dir, durable=False)
    server.start(holder)
    survivor = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=[holder.fileno()])
    os.close(holder.fileno())
    with EmbeddedServer(data_dir) as passer_by:
        pass
    assert passer_by.find() is not None
    survivor.communicate()
    with EmbeddedServer(data_dir) as last:
        pass
    assert last.find() is None


def test_who_has_left_cannot_start_the_server_again_by_the_same_hold(data_dir):
    holder = Holder(data_dir)
    holder.leave()
    holder.leave()
    with pytest.raises(EmbeddedServerError, match="has left already"):
        EmbeddedServer(data_dir, durable=False).start(holder)


def test_a_start_that_fails_holds_nothing(directory, data_dir):
    (directory / "empty").mkdir()
    with pytest.raises(EmbeddedServerError):
        EmbeddedServer(data_dir, bin_dir=directory / "empty").acquire()
    with EmbeddedServer(data_dir, durable=False) as server:
        pass
    assert server.find() is None
