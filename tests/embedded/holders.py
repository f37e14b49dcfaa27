"""Processes that hold an embedded server, and what tests ask of one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg

from delayed_daemon.embedded import cluster, postmaster

_HOLD = """
import sys
from pathlib import Path
from delayed_daemon.embedded.server import EmbeddedServer

server = EmbeddedServer(Path(sys.argv[1]), durable=False)
print(server.acquire(), flush=True)
sys.stdin.read()
server.release()
"""


class HoldingProcess:
    """Another process that acquires the server of ``data_dir`` and releases it when told to leave."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _HOLD, str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **environment},
            text=True,
        )

    def url(self) -> str:
        """The URL it acquired; waits until it has."""
        return self.process.stdout.readline().strip()

    def leave(self) -> int:
        """Let it release the server and end; returns its exit code."""
        self.process.communicate()
        return self.process.returncode

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def ask(url: str, statement: str) -> object:
    """The first column of the first row."""
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement).fetchone()[0]


def run_sql(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def running_pid(data_dir: Path) -> int:
    """The pid of the live postmaster of ``data_dir``."""
    recorded = postmaster.recorded(cluster.existing(data_dir))
    assert recorded is not None
    assert recorded.is_alive()
    return recorded.pid
