"""Where the embedded server keeps its files.

Below the data directory: ``pg<major>`` (PostgreSQL's own), ``run`` (the socket), ``server.log``,
``start.lock``, ``holders.lock`` and, where the server's account cannot execute the installed
programs, ``programs-<version>``.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from delayed_daemon.embedded.account import Account
from delayed_daemon.errors import EmbeddedServerError

PORT = 5432

_SOCKET_PATH_LIMIT = 103 if sys.platform == "darwin" else 107
_LOG_LIMIT = 4 * 1024 * 1024


def default_data_dir() -> Path:
    """The data directory of this user: found without any setting by the daemon and by applications alike."""
    if os.geteuid() == 0:
        return Path("/var/lib/delayed-daemon")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "delayed-daemon"
    return Path(os.environ.get("XDG_DATA_HOME", "").strip() or Path.home() / ".local" / "share") / "delayed-daemon"


def resolve_data_dir(data_dir: Path | None) -> Path:
    """One spelling for one directory, so that every process finds the same locks."""
    with explained("the home directory"):
        path = (data_dir or default_data_dir()).expanduser().resolve()
    if "\n" in str(path):
        # PostgreSQL's postmaster.pid has the path on a line of its own and is read by line number.
        raise EmbeddedServerError(f"the data directory {str(path)!r} has a line break in its name; choose another")
    return path


def make_data_dir(path: Path) -> None:
    """Create the data directory where it is missing; one that exists keeps its owner and mode."""
    with explained(str(path)):
        for directory in [*reversed(path.parents), path]:
            if not directory.exists():
                directory.mkdir(exist_ok=True)
                # As root the server's account must be able to pass, whatever the umask.
                directory.chmod(0o755 if os.geteuid() == 0 else 0o700)
        if (path / "PG_VERSION").exists():
            raise EmbeddedServerError(f"{path} is a PostgreSQL data directory itself; give --data-dir its parent")


def open_log(data_dir: Path) -> int:
    """A descriptor that appends to the server's log; a log that has grown large is set aside first."""
    log = log_path(data_dir)
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
    return os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def log_path(data_dir: Path) -> Path:
    return data_dir / "server.log"


def make_socket_dir(data_dir: Path, account: Account) -> Path:
    """A directory that only the server's account (and root) may enter, short enough for a socket's address.

    Inside the data directory when that fits: there it outlives logout and cleaners of temporary
    files, and services with a private /tmp see it too. Otherwise in /tmp under a short hashed name.
    """
    directory = _socket_dir(data_dir, account)
    with explained(str(directory)):
        try:
            directory.mkdir(mode=0o700)
        except FileExistsError:
            _require_private(directory, account)
        else:
            account.own(directory)
    return directory


def _socket_dir(data_dir: Path, account: Account) -> Path:
    inside = data_dir / "run"
    # A comma separates hosts in a connection string; quotes and controls have meanings in PostgreSQL's own files.
    plain = re.fullmatch(r"""[^,"'\\\x00-\x1f\x7f]+""", str(inside))
    if plain and len(os.fsencode(inside)) + len(f"/.s.PGSQL.{PORT}") <= _SOCKET_PATH_LIMIT:
        return inside
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:10]
    return Path(f"/tmp/dd-{account.uid}-{digest}")  # noqa: S108


def _require_private(directory: Path, account: Account) -> None:
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != account.uid or status.st_mode & 0o077:
        raise EmbeddedServerError(
            f"{directory}, meant for the server's socket, is not a directory that only {account.name} may enter; "
            "look who made it, and remove it"
        )


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn an error of the operating system into one that says what was being used and what to do."""
    try:
        yield
    except PermissionError as error:
        raise EmbeddedServerError(
            f"{what} cannot be used: {error}; run as its owner, or choose another directory with --data-dir"
        ) from error
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        raise EmbeddedServerError(
            f"{what} cannot be used: {error}; make room or choose another directory with --data-dir"
        ) from error
