"""Forking, adopting, judging and measuring processes."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from delayed_daemon.errors import CannotStart
from delayed_daemon.host import signals

_PR_SET_CHILD_SUBREAPER = 36
_PAGE_KIB = resource.getpagesize() // 1024


def adopt_orphans() -> bool:
    """Make this process the parent of every orphan below it (Linux, prctl(2)); False where that does not exist."""
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


def fork(child: Callable[[], int], *, leads_session: bool = True, signals_wait: bool = False) -> int:
    """Fork; the child runs ``child`` and leaves with the exit code it returns, the parent gets the pid.

    Signals are blocked over the fork, and the child starts without the parent's handlers, so
    that none is lost and none is handled by the wrong process; with ``signals_wait`` they stay
    blocked until the child makes its `SignalInbox`. OSError when there is no room.
    """
    with signals.blocked():
        pid = os.fork()
        if pid == 0:
            _become(child, leads_session, signals_wait)
    return pid


def _become(child: Callable[[], int], leads_session: bool, signals_wait: bool) -> None:
    code = 70
    try:
        signals.forget()
        if leads_session:
            os.setsid()
        if not signals_wait:
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
        code = child()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:  # noqa: BLE001 - the last frame of a process: nothing above could report it
        traceback.print_exc()
    finally:
        _leave(code)


def _leave(code: int) -> NoReturn:
    """Whatever the application has made of its streams: nothing may fall back into the parent's code."""
    try:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(BaseException):
                stream.flush()
    finally:
        os._exit(code)


def how_it_ended(wait_status: int) -> str:
    """``waitpid``'s status in words: ``killed by SIGKILL``, ``exited with code 3``."""
    if os.WIFSIGNALED(wait_status):
        number = os.WTERMSIG(wait_status)
        try:
            return f"killed by {signal.Signals(number).name}"
        except ValueError:
            return f"killed by signal {number}"
    return f"exited with code {os.waitstatus_to_exitcode(wait_status)}"


def kill_group(pid: int) -> None:
    """SIGKILL a child that leads its own group, and all that it started in it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def tell(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may be gone already."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def is_running(pid: int) -> bool:
    """The process exists and is not a zombie waiting for a parent."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return not Path("/proc/self").exists()
    return stat.rpartition(")")[2].split()[0] != "Z"


def open_missing_streams() -> None:
    """Put /dev/null in the place of a closed standard stream, where else the next file or socket would be opened."""
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one


def make_room_for_descriptors(more: int) -> None:
    """Raise the soft limit of open files as far as ``more`` of them need. CannotStart when the hard limit is below."""
    number = more + len(list(Path("/dev/fd").iterdir()))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= number:
        return
    if hard != resource.RLIM_INFINITY and hard < number:
        raise CannotStart(f"so many workers need {number} open files and the limit is {hard}: raise it (ulimit -n)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard))


def private_kib() -> int:
    """Memory of this process that it shares with nobody; the most it ever had where Linux's figure is missing."""
    found = private_kib_of("self")
    if found is not None:
        return found
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)


def private_kib_of(pid: int | str) -> int | None:
    """Memory of a process that it shares with nobody; None when it is gone, or cannot be asked."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return None
    return sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Private_"))


def resident_kib_of(pid: int) -> int:
    """Memory of a process, shared or not: a bound of `private_kib_of` that costs next to nothing. 0 when it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * _PAGE_KIB


def boot_id() -> str:
    """An identifier of this boot of the machine; empty where the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
