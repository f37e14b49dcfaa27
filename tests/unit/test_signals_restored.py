"""Whatever a job does to the signals of its worker, the next job and the drain find them as they were."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest

from delayed_daemon.errors import MaxRunTimeExceeded
from delayed_daemon.execution.deadline import Deadline
from delayed_daemon.host.clock import monotonic_ns
from delayed_daemon.host.signals import SignalInbox

_TERM = signal.SIGTERM


@pytest.fixture
def inbox():
    before = signal.getsignal(_TERM)
    inbox = SignalInbox((_TERM,))
    yield inbox
    inbox.close()
    signal.signal(_TERM, before)


@pytest.mark.parametrize(
    ("meddle", "changed"),
    [
        (lambda: None, []),
        (lambda: signal.signal(_TERM, signal.SIG_IGN), ["SIGTERM"]),
        (lambda: signal.signal(_TERM, signal.SIG_DFL), ["SIGTERM"]),
        (lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {_TERM}), ["mask"]),
        (lambda: signal.set_wakeup_fd(-1), ["wakeup fd"]),
    ],
)
def test_a_signal_is_noted_again_whatever_a_job_did(inbox: SignalInbox, meddle: Callable[[], object], changed):
    meddle()
    assert inbox.restore() == changed
    os.kill(os.getpid(), _TERM)
    assert inbox.pending == [_TERM]
    assert inbox.take() == [_TERM]


def test_a_deadline_rings_after_a_job_that_used_the_alarm_itself():
    before = signal.getsignal(signal.SIGALRM)
    deadline = Deadline()
    try:
        with deadline.armed(monotonic_ns() + 200_000_000, 0.2):
            signal.signal(signal.SIGALRM, lambda *_: None)
            signal.alarm(5)
            signal.alarm(0)
        assert deadline.restore() == ["SIGALRM", "timer"]
        assert deadline.restore() == []
        with pytest.raises(MaxRunTimeExceeded), deadline.armed(monotonic_ns() + 300_000_000, 0.3):
            time.sleep(10)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
