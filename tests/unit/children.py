"""Forked children of a test: what happens to a process must not happen to the one that runs the tests."""

from __future__ import annotations

import json
import os
import select
import signal
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any


class Child:
    """A child in a session of its own. It and all that it started hold the write end of one pipe."""

    def __init__(self, body: Callable[[], Any]) -> None:
        self._reads, writes = os.pipe()
        with warnings.catch_warnings():
            # The process that runs the tests may have threads; the child only runs what it is given.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.pid = os.fork()
        if self.pid == 0:
            os.close(self._reads)
            _run(body, writes)
        os.close(writes)
        self._said = b""

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def answer(self, seconds: float = 30.0) -> Any:
        """What the body returned; fails with the traceback of what it raised, or when it takes too long."""
        text = self._read(lambda: b"\n" in self._said, seconds)
        assert text, "the child left without an answer"
        verdict, value = json.loads(text.split(b"\n")[0])
        assert verdict == "returned", value
        return value

    def leaves_nothing_behind(self, seconds: float = 30.0) -> bool:
        """It has ended, and so has everything that it started."""
        self._read(lambda: False, seconds)
        return True

    def wait(self) -> int:
        """Reap it; its exit code, negative for a signal."""
        pid, self.pid = self.pid, 0
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def end(self) -> None:
        if self.pid:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self.wait()
        os.close(self._reads)

    def _read(self, enough: Callable[[], bool], seconds: float) -> bytes:
        """Until enough was said, or nobody is left to say more."""
        deadline = time.monotonic() + seconds
        while not enough():
            ready, _, _ = select.select([self._reads], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"waited {seconds:g} s in vain for the child"
            chunk = os.read(self._reads, 65536)
            if not chunk:
                break
            self._said += chunk
        return self._said


@contextmanager
def forked(body: Callable[[], Any]) -> Iterator[Child]:
    child = Child(body)
    try:
        yield child
    finally:
        child.end()


def in_child(body: Callable[[], Any], seconds: float = 30.0) -> Any:
    """The JSON value that ``body`` returns, run in a child."""
    with forked(body) as child:
        return child.answer(seconds)


def _run(body: Callable[[], Any], writes: int) -> None:
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.setitimer(signal.ITIMER_REAL, 0)
        message = ["returned", body()]
    except BaseException:
        message = ["raised", traceback.format_exc()]
    os.write(writes, json.dumps(message).encode() + b"\n")
    os._exit(0)
