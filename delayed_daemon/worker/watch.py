"""What a worker listens to: its signals, its doorbell, and the life of its supervisor."""

from __future__ import annotations

import os
import select
import signal

from delayed_daemon.host.premises import Premises
from delayed_daemon.host.signals import SignalInbox
from delayed_daemon.host.slot import Slot


class Watch:
    """Says whether to drain, and sleeps until something happens. Make it in the worker, first thing."""

    def __init__(self, premises: Premises, slot: Slot, generation: int) -> None:
        premises.lifeline.let_go()
        self._inbox = SignalInbox((signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2))
        self._bell = premises.worker_bells[slot.index]
        self._lifeline = premises.lifeline.fileno()
        self._poll = select.poll()
        for source in (self._inbox.fileno(), self._bell.fileno(), self._lifeline):
            self._poll.register(source, select.POLLIN)
        self._life = select.poll()
        self._life.register(self._lifeline, select.POLLIN)
        self._slot = slot
        self._generation = generation
        self.draining = False

    def await_go(self) -> bool:
        """Sleep until the supervisor knows this worker; False when it is to leave instead."""
        while self._slot.pid != os.getpid():
            if self.must_drain() or self._is_given_up():
                return False
            self.sleep(1.0)
        return True

    def was_told(self) -> bool:
        """A signal to drain has come; costs nothing, so that it can be asked after each job."""
        if self._inbox.pending:
            self._take_signals()
        return self.draining

    def must_drain(self) -> bool:
        """Told to drain, or the supervisor is dead."""
        if not self.was_told() and self._life.poll(0):
            self.draining = True
        return self.draining

    def restore(self) -> list[str]:
        """Undo what a job did to this process's signals; what it had changed."""
        return self._inbox.restore()

    def sleep(self, seconds: float) -> None:
        """Sleep until a signal, a ring, the supervisor's death, or the time is over."""
        ready = self._poll.poll(max(seconds, 0.0) * 1000)
        if any(fd == self._lifeline for fd, _ in ready):
            self._poll.unregister(self._lifeline)  # it is gone for good, and would end every sleep
        self._bell.silence()
        self._take_signals()

    def _take_signals(self) -> None:
        """Those that nobody asked for too, such as the alarm of a deadline: left in the pipe, they end every sleep."""
        if signal.SIGTERM in self._inbox.take():
            self.draining = True

    def _is_given_up(self) -> bool:
        """The answer to this worker's fork got lost: its slot is free, or another's already."""
        return bool(self._slot.ended) or self._slot.generation != self._generation
