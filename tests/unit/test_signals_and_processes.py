"""Signals are noted and never lost; forks begin clean; an end is told in words."""

from __future__ import annotations

import os
import select
import signal
import sys
from typing import Any

import pytest

from delayed_daemon.host import processes, signals
from delayed_daemon.host.signals import SignalInbox
from tests.unit.children import forked, in_child
from tests.waiting import wait_until

NOTED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCHLD)


def raise_all(*numbers: signal.Signals) -> None:
    for number in numbers:
        os.kill(os.getpid(), number)


def test_signals_are_taken_once_in_the_order_of_their_arrival():
    def body() -> list[list[int]]:
        inbox = SignalInbox(NOTED)
        raise_all(signal.SIGHUP, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGINT)
        return [inbox.take(), inbox.take()]

    assert in_child(body) == [[1, 15, 1, 10, 2], []]


def test_a_signal_wakes_whoever_sleeps_on_the_inbox():
    def body() -> list[int]:
        inbox = SignalInbox(NOTED)
        select.select([inbox.fileno()], [], [])
        return inbox.take()

    with forked(body) as child:
        wait_until(lambda: is_noting(child.pid, signal.SIGTERM), "the child has its handlers")
        child.signal(signal.SIGTERM)
        assert child.answer() == [signal.SIGTERM]


def test_an_inbox_sleeps_again_once_its_signals_were_taken():
    def body() -> list[bool]:
        inbox = SignalInbox(NOTED)
        raise_all(signal.SIGHUP)
        before = bool(select.select([inbox.fileno()], [], [], 0)[0])
        inbox.take()
        return [before, bool(select.select([inbox.fileno()], [], [], 0)[0])]

    assert in_child(body) == [True, False]


def test_more_signals_than_the_pipe_holds_block_nobody():
    def body() -> list[Any]:
        inbox = SignalInbox(NOTED)
        for _ in range(70_000):
            signal.raise_signal(signal.SIGHUP)
        taken = len(inbox.take())
        return [taken, bool(select.select([inbox.fileno()], [], [], 0)[0])]

    taken, woken = in_child(body)
    assert 4096 <= taken <= 70_000
    assert not woken


def test_a_closed_inbox_no_longer_wakes():
    def body() -> int:
        inbox = SignalInbox(NOTED)
        inbox.close()
        raise_all(signal.SIGHUP)
        return signal.set_wakeup_fd(-1)

    assert in_child(body) == -1


def test_what_arrives_while_signals_are_blocked_is_noted_afterwards():
    def body() -> list[list[int]]:
        inbox = SignalInbox(NOTED)
        with signals.blocked():
            raise_all(signal.SIGTERM, signal.SIGHUP)
            inside = inbox.take()
        return [inside, sorted(inbox.take())]

    assert in_child(body) == [[], [signal.SIGHUP, signal.SIGTERM]]


def test_a_signal_that_was_blocked_before_stays_blocked():
    def body() -> bool:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
        with signals.blocked():
            pass
        return signal.SIGUSR1 in signal.pthread_sigmask(signal.SIG_BLOCK, ())

    assert in_child(body) is True


def test_a_signal_sent_to_the_parent_while_it_forks_is_noted_by_the_parent_alone():
    """It arrives just after the fork, before the child has put off the parent's handlers."""

    def body() -> list[Any]:
        inbox = SignalInbox(NOTED)
        really = os.fork

        def fork_and_be_signalled() -> int:
            pid = really()
            os.kill(os.getpid(), signal.SIGHUP if pid else signal.SIGUSR2)
            return pid

        os.fork = fork_and_be_signalled  # type: ignore[assignment]
        pid = processes.fork(lambda: 7)
        _, status = os.waitpid(pid, 0)
        return [[number for number in inbox.take() if number != signal.SIGCHLD], os.waitstatus_to_exitcode(status)]

    noted, how = in_child(body)

    assert noted == [signal.SIGHUP]
    assert how == -signal.SIGUSR2, "the child has the default action of what was sent to it"


def test_a_drain_sent_before_the_child_made_its_inbox_ends_it():
    """Between fork and handlers TERM has its default action: the child dies of it, and is not left running."""

    def body() -> int:
        pid = processes.fork(lambda: signal.pause() or 0)
        os.kill(pid, signal.SIGTERM)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    assert in_child(body) == -signal.SIGTERM


def test_a_child_starts_with_an_empty_mask_without_the_parents_handlers_and_in_a_session_of_its_own():
    def body() -> list[Any]:
        SignalInbox(NOTED)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
        reads, writes = os.pipe()

        def child() -> int:
            clean = all(signal.getsignal(n) == signal.SIG_DFL for n in NOTED if n != signal.SIGINT)
            facts = [clean, not signal.pthread_sigmask(signal.SIG_BLOCK, ()), os.getsid(0) == os.getpid()]
            facts.append(signal.set_wakeup_fd(-1) == -1)
            os.write(writes, bytes(facts))
            return 0

        os.waitpid(processes.fork(child), 0)
        return list(os.read(reads, 10))

    assert in_child(body) == [1, 1, 1, 1]


def test_a_terminals_ctrl_c_ends_no_child_but_programs_that_it_starts():
    def body() -> list[Any]:
        reads, writes = os.pipe()

        def child() -> int:
            os.kill(os.getpid(), signal.SIGINT)
            os.write(writes, b"still here")
            os.execv(sys.executable, [sys.executable, "-S", "-c", "import os; os.kill(os.getpid(), 2)"])
            return 0

        _, status = os.waitpid(processes.fork(child), 0)
        return [os.read(reads, 10).decode(), status != 0]

    assert in_child(body) == ["still here", True]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (lambda: 0, 0),
        (lambda: 3, 3),
        (lambda: sys.exit(5), 5),
        (lambda: sys.exit("why"), 1),
        (lambda: sys.exit(), 1),
        (lambda: 1 // 0, 70),
        (lambda: (_ for _ in ()).throw(KeyboardInterrupt), 70),
    ],
)
def test_a_child_leaves_with_the_code_of_its_half_and_with_70_when_that_raises(body, code):
    def fork() -> int:
        return os.waitstatus_to_exitcode(os.waitpid(processes.fork(body), 0)[1])

    assert in_child(fork) == code


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "exited with code 0"),
        (3 << 8, "exited with code 3"),
        (signal.SIGKILL, "killed by SIGKILL"),
        (signal.SIGSEGV | 0x80, "killed by SIGSEGV"),
        (60, "killed by signal 60"),
    ],
)
def test_an_end_is_told_in_words(status, words):
    assert processes.how_it_ended(status) == words


def test_killing_a_worker_kills_what_its_job_started():
    def job() -> int:
        if os.fork():
            os.fork()
        while True:
            signal.pause()

    with forked(job) as child:
        processes.kill_group(child.pid)
        assert child.leaves_nothing_behind()
        assert child.wait() == -signal.SIGKILL


def test_a_process_that_is_gone_or_a_zombie_is_not_running():
    with forked(signal.pause) as child:
        pid = child.pid
        assert processes.is_running(pid)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not processes.is_running(pid), "the killed child counts as gone, though nobody reaped it")
        child.wait()
        assert not processes.is_running(pid)
        processes.tell(pid, signal.SIGTERM)
        processes.kill_group(pid)


def test_private_memory_grows_by_what_a_process_writes():
    def body() -> int:
        before = processes.private_kib()
        kept = bytearray(os.urandom(1024)) * (32 * 1024)
        return processes.private_kib() - before if kept else 0

    assert in_child(body) >= 30 * 1024


def is_noting(pid: int, number: int) -> bool:
    """Linux: the process catches the signal."""
    with open(f"/proc/{pid}/status") as lines:  # noqa: PTH123
        caught = next(line for line in lines if line.startswith("SigCgt:")).split()[1]
    return bool(int(caught, 16) >> (number - 1) & 1)
