"""What an import may leave behind that must not be forked: Python threads and open sockets."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path


def open_descriptors() -> set[int]:
    """The descriptors this process has open."""
    listing = next(path for path in (Path("/proc/self/fd"), Path("/dev/fd")) if path.exists())
    return {int(entry.name) for entry in listing.iterdir()}


def why_unsafe_to_fork(before: set[int]) -> str | None:
    """Why a fork now would hand a worker something unsafe; ``before`` are the descriptors before the import."""
    threads = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    if threads:
        return f"the import left running threads: {', '.join(threads)}"
    sockets = [fd for fd in open_descriptors() - before if _is_socket(fd)]
    if sockets:
        return f"the import left {len(sockets)} open socket(s)"
    return None


def _is_socket(fd: int) -> bool:
    try:
        return stat.S_ISSOCK(os.fstat(fd).st_mode)
    except OSError:
        return False
