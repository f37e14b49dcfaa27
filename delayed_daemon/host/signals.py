"""Signals as entries in a list: a handler notes the number, a loop decides what it means."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable, Iterator


class SignalInbox:
    """Notes every signal of ``numbers`` and wakes whoever sleeps on ``fileno()``.

    Make it in the main thread; signals that were blocked until now arrive in it. Handlers rather
    than SIG_IGN, so that programs which a job starts get the default actions back.
    """

    def __init__(self, numbers: Iterable[signal.Signals]) -> None:
        self._numbers = tuple(numbers)
        self.pending: list[int] = []
        self._hears, self._rings = os.pipe()
        os.set_blocking(self._hears, False)
        os.set_blocking(self._rings, False)
        signal.set_wakeup_fd(self._rings, warn_on_full_buffer=False)
        for number in self._numbers:
            signal.signal(number, self._note)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    def fileno(self) -> int:
        return self._hears

    def take(self) -> list[int]:
        """The signals since the last call, in the order of their arrival.

        As the pipe has them: where another thread received one, its handler may run in this
        thread only after the pipe has woken it.
        """
        self.pending.clear()
        taken = b""
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self._hears, 4096):
                taken += chunk
        return [number for number in taken if number in self._numbers]

    def restore(self) -> list[str]:
        """Undo what a job did to handlers, mask or wake-up pipe; what it had changed, in words."""
        changed = [signal.Signals(number).name for number in self._numbers if signal.getsignal(number) != self._note]
        for name in changed:
            signal.signal(signal.Signals[name], self._note)
        if signal.set_wakeup_fd(self._rings, warn_on_full_buffer=False) != self._rings:
            changed.append("wakeup fd")
        if signal.pthread_sigmask(signal.SIG_SETMASK, ()):
            changed.append("mask")
        return changed

    def close(self) -> None:
        signal.set_wakeup_fd(-1)
        os.close(self._hears)
        os.close(self._rings)

    def _note(self, number: int, _frame: object) -> None:
        self.pending.append(number)


@contextlib.contextmanager
def blocked() -> Iterator[None]:
    """No signal is delivered to this thread inside; what arrived is delivered at the end."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def hold() -> None:
    """At the end of a process: whatever signal still comes, the exit code is ours."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


def forget() -> None:
    """In a child after a fork: the parent's handlers and wake-up pipe are not ours."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_DFL)
    for number in (signal.SIGTTIN, signal.SIGTTOU, signal.SIGALRM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, lambda _number, _frame: None)
