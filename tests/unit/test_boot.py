"""A start that is told to stop at the worst moment."""

from __future__ import annotations

import os
import signal
from typing import Any

from delayed_daemon.cli import boot, daemon
from delayed_daemon.cli.options import Given
from delayed_daemon.host import processes
from tests.unit.children import in_child


def test_a_stop_that_comes_while_the_child_is_forked_ends_the_child_too():
    def body() -> list[Any]:
        forked: list[int] = []
        fork = processes.fork

        def fork_and_stop(child: Any) -> int:
            forked.append(fork(child))
            os.kill(os.getpid(), signal.SIGTERM)
            return forked[0]

        processes.fork = fork_and_stop
        try:
            boot.Boot().effective_config(Given({}, None))
        except boot.ToldToStop:
            return ["told", processes.is_running(forked[0])]
        return ["not told"]

    assert in_child(body) == ["told", False]


def test_a_stop_between_two_steps_is_heeded_at_the_hand_over():
    def body() -> list[Any]:
        start = boot.Boot()
        os.kill(os.getpid(), signal.SIGQUIT)
        try:
            start.hand_over()
        except boot.ToldToStop:
            return ["told", len(signal.pthread_sigmask(signal.SIG_BLOCK, ()))]
        return ["not told"]

    assert in_child(body) == ["told", 0]


def test_a_stop_after_the_hand_over_waits_for_the_next_inbox():
    def body() -> list[int]:
        boot.Boot().hand_over()
        os.kill(os.getpid(), signal.SIGTERM)
        return [int(number) for number in signal.sigpending()]

    assert in_child(body) == [signal.SIGTERM]


def test_a_standard_output_that_nobody_reads_or_that_is_closed_stops_no_start():
    def body() -> str:
        reads, writes = os.pipe()
        os.dup2(writes, 1)
        os.close(writes)
        os.close(reads)
        daemon._show("nobody reads this\n")
        os.close(1)
        daemon._show("this is closed\n")
        return "fine"

    assert in_child(body) == "fine"
