"""Waiting: for the server to be ready, through crash recovery too, and for it to be gone."""

from __future__ import annotations

import os
import time
from pathlib import Path

from psycopg import pq

from delayed_daemon.embedded import postmaster, readiness
from delayed_daemon.embedded.account import Account
from delayed_daemon.embedded.binaries import Binaries
from delayed_daemon.embedded.cluster import Cluster
from delayed_daemon.embedded.places import log_path, open_log
from delayed_daemon.errors import EmbeddedServerError
from delayed_daemon.host.processes import is_running

_SILENCE_LIMIT_SECONDS = 60.0
_ORPHANS_LIMIT_SECONDS = 30.0
_STOP_LIMIT_SECONDS = 60.0
_POLL_SECONDS = 0.02


def start(binaries: Binaries, cluster: Cluster, socket_dir: Path, account: Account) -> None:
    """Start the server and wait until it takes connections; EmbeddedServerError says why it would not."""
    data_dir = cluster.path.parent
    deadline = time.monotonic() + _ORPHANS_LIMIT_SECONDS
    while True:
        log = open_log(data_dir)
        try:
            said_before = os.fstat(log).st_size
            pid = postmaster.launch(binaries, cluster, socket_dir, account, log)
        finally:
            os.close(log)
        if wait_until_ready(socket_dir, pid):
            return
        said = _log_since(said_before, data_dir)
        # Sessions of a postmaster that was killed keep its shared memory until they notice.
        if "is still in use" not in said or time.monotonic() > deadline:
            raise EmbeddedServerError(f"PostgreSQL did not start in {data_dir}; {log_path(data_dir)} says:\n{said}")
        time.sleep(_POLL_SECONDS)


def wait_until_ready(socket_dir: Path, pid: int) -> bool:
    """True once the server takes connections, however long it recovers; False when its process is gone."""
    heard = time.monotonic()
    while (answer := readiness.ping(socket_dir)) is not pq.Ping.OK:
        if answer is pq.Ping.REJECT:
            heard = time.monotonic()
        elif not is_running(pid):
            return False
        elif time.monotonic() - heard > _SILENCE_LIMIT_SECONDS:
            raise EmbeddedServerError(f"PostgreSQL (pid {pid}) runs but does not answer on its socket in {socket_dir}")
        time.sleep(_POLL_SECONDS)
    return True


def wait_until_gone(pid: int) -> bool:
    """True once the process is gone, False after a minute of waiting."""
    deadline = time.monotonic() + _STOP_LIMIT_SECONDS
    while is_running(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _log_since(offset: int, data_dir: Path) -> str:
    with log_path(data_dir).open("rb") as log:
        log.seek(offset)
        return "\n".join(log.read().decode(errors="replace").splitlines()[-12:])
