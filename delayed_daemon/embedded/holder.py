"""Who uses the server: one shared lock per holder, kept by the kernel, so that no death leaks one."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from delayed_daemon.embedded.places import explained, make_data_dir
from delayed_daemon.errors import EmbeddedServerError


class Holder:
    """One user of the server of a data directory: an open file that a shared lock is put on.

    The lock belongs to the open file, not to a process: forked children and their parent are one
    holder together, which lasts until one of them calls `leave` or the last of them is gone.
    """

    def __init__(self, data_dir: Path) -> None:
        make_data_dir(data_dir)
        self._fd: int | None = _open(data_dir / "holders.lock")

    def fileno(self) -> int:
        """The descriptor of the open file, for whoever passes it on or closes a child's copy."""
        if self._fd is None:
            raise EmbeddedServerError("this holder of the embedded server has left already")
        return self._fd

    def join(self) -> None:
        """Count as a holder from now on; call it `while_starting_or_stopping`."""
        fcntl.flock(self.fileno(), fcntl.LOCK_SH)

    def is_last(self) -> bool:
        """True when nobody else holds the server; call it `while_starting_or_stopping`, and `leave` then."""
        try:
            fcntl.flock(self.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def leave(self) -> None:
        """Hold no longer, for every process that shares this holder."""
        if self._fd is not None:
            fcntl.flock(self._fd, fcntl.LOCK_UN)
            os.close(self._fd)
            self._fd = None


@contextmanager
def while_starting_or_stopping(data_dir: Path) -> Iterator[None]:
    """Keep every other process from starting or stopping this server, however long it takes."""
    fd = _open(data_dir / "start.lock")
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _open(path: Path) -> int:
    with explained(str(path)):
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
