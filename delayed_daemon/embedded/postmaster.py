"""The server's main process: starting it out of everybody's way, finding it, stopping it."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from delayed_daemon.embedded.account import Account
from delayed_daemon.embedded.binaries import Binaries
from delayed_daemon.embedded.cluster import Cluster
from delayed_daemon.embedded.creation import clean_environment
from delayed_daemon.embedded.places import PORT
from delayed_daemon.host.processes import is_running

_CONNECT_TIMEOUT_SECONDS = 5.0

# A background child of a shell that is gone belongs to nobody here: no waitpid of the caller sees it.
_DETACH = '"$@" >&2 & echo $!'


@dataclass(frozen=True)
class Postmaster:
    """What ``postmaster.pid`` says; the process itself may be gone, and its pid another's."""

    pid: int
    socket_dir: Path

    def is_alive(self) -> bool:
        """True while the process runs; a zombie does not."""
        return is_running(self.pid)

    def interrupt(self) -> bool:
        """Ask for a fast shutdown; False when the socket's listener is not this process of this machine."""
        if self._listener() != self.pid:
            return False
        try:
            os.kill(self.pid, signal.SIGINT)
        except ProcessLookupError:
            return False
        return True

    def _listener(self) -> int | None:
        """The pid of who listens on the socket; None when nobody does."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_CONNECT_TIMEOUT_SECONDS)
            try:
                connection.connect(str(self.socket_dir / f".s.PGSQL.{PORT}"))
            except OSError:
                return None
            if sys.platform != "linux":
                return self.pid
            size = struct.calcsize("3i")
            pid, _, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
            return int(pid)


def recorded(cluster: Cluster) -> Postmaster | None:
    """The postmaster that ``postmaster.pid`` names, or None where there is no complete one."""
    lines = _pid_file(cluster)
    if len(lines) < 5 or not lines[4]:
        return None
    return Postmaster(pid=int(lines[0]), socket_dir=Path(lines[4]))


def launch(binaries: Binaries, cluster: Cluster, socket_dir: Path, account: Account, log: int) -> int:
    """Start a postmaster in a session of its own, and return its pid; it is not ready yet, and may yet give up."""
    server = [binaries.program("postgres"), "-D", str(cluster.path)]
    server += ["-c", f'unix_socket_directories="{socket_dir}"', "-c", f"port={PORT}"]
    shell = subprocess.run(
        ["/bin/sh", "-c", _DETACH, "sh", *server],
        cwd="/",
        env=_environment(cluster),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        check=True,
        start_new_session=True,
        **account.switch(),
    )
    return int(shell.stdout)


def _environment(cluster: Cluster) -> dict[str, str]:
    environment = clean_environment()
    lines = _pid_file(cluster)
    if lines:
        # Nothing answered on its socket: the pid is a zombie's or by now somebody else's, which PostgreSQL
        # would take for a live postmaster. A process with this variable's pid does not count; the
        # shared memory that PostgreSQL looks at next still does, so two servers can never share a cluster.
        environment["PG_GRANDPARENT_PID"] = lines[0]
    return environment


def _pid_file(cluster: Cluster) -> list[str]:
    try:
        lines = (cluster.path / "postmaster.pid").read_text(errors="surrogateescape").splitlines()
    except FileNotFoundError:
        return []
    return lines if lines and lines[0].strip().isdigit() else []
