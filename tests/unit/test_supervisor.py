"""The supervisor over real, tiny children: they are let go, replaced, drained, killed, and none is left behind."""

from __future__ import annotations

import os
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from delayed_daemon.config import Config
from delayed_daemon.errors import CannotStart
from delayed_daemon.forkserver.server import ForkServer
from delayed_daemon.host import logs, processes
from delayed_daemon.host.channel import Channel
from delayed_daemon.host.clock import monotonic_ns
from delayed_daemon.host.premises import Premises
from delayed_daemon.host.signals import SignalInbox
from delayed_daemon.host.slot import Ending, Execution, Slot, State
from delayed_daemon.supervisor.supervisor import Halves, Supervisor
from delayed_daemon.worker.watch import Watch
from tests.unit.children import Child, forked
from tests.waiting import wait_until


class Daemon:
    """A supervisor in a child of the test; its children run what the test says. All see one scoreboard."""

    def __init__(self, workers: int = 2, **settings: Any) -> None:
        self.config = Config(**{"workers": workers, "shutdown_timeout": 20.0, "preload": "off", **settings})
        self.premises = Premises(2 * workers + 2)
        self.board = self.premises.board
        self.load: Callable[[], None] = lambda: None
        self.job: Callable[[Slot], int | None] = lambda _slot: None
        self.fork_server: Callable[[Channel], int] = self._fork_server
        self.child: Child

    def run(self) -> str:
        logs.configure("error", "json")
        try:
            Supervisor(self.config, self.premises, Halves(self.fork_server, self.worker, self.maintenance)).run()
        except CannotStart as error:
            return str(error)
        return "stopped"

    def worker(self, index: int, generation: int) -> int:
        """Let go, does its job, then idles until told to drain."""
        slot = self.board.slots[index]
        watch = Watch(self.premises, slot, generation)
        if not watch.await_go():
            return 0
        slot.ready_ns = monotonic_ns()
        slot.state = State.READY
        self.premises.supervisor_bell.ring()
        code = self.job(slot)
        while code is None and not watch.must_drain():
            watch.sleep(60.0)
        slot.state = State.GONE
        return code or 0

    def maintenance(self) -> int:
        """Settles whoever died, until told to leave or left alone."""
        self.premises.lifeline.let_go()
        inbox = SignalInbox([signal.SIGTERM])
        supervisor = os.getppid()
        self.board.holder = uuid.uuid4()
        while not (inbox.pending and not self.board.unsettled()) and os.getppid() == supervisor:
            self.board.maintenance_beat_ns = monotonic_ns()
            for slot in self.board.unsettled():
                slot.settled = slot.generation
                self.premises.supervisor_bell.ring()
            time.sleep(0.01)
        return 0

    def _fork_server(self, channel: Channel) -> int:
        return ForkServer(channel, self.premises, self.load, self.worker).run()

    def pids(self) -> list[int]:
        return [slot.pid for slot in self.board.living() if slot.pid and slot.state == State.READY]

    def wait_for_workers(self, count: int, without: list[int] = []) -> list[int]:  # noqa: B006
        def ready() -> list[int]:
            pids = [pid for pid in self.pids() if pid not in without]
            return pids if len(pids) == count else []

        return wait_until(ready, f"{count} workers are ready")

    def stop(self) -> str:
        self.child.signal(signal.SIGTERM)
        return self.end()

    def end(self) -> str:
        """What came of it, once neither it nor anything that it started is left."""
        said = self.child.answer()
        self.child.wait()
        assert self.child.leaves_nothing_behind()
        return said


@contextmanager
def running(daemon: Daemon) -> Iterator[Daemon]:
    with forked(daemon.run) as daemon.child:
        try:
            yield daemon
        finally:
            for slot in daemon.board.living():
                if slot.pid:
                    processes.kill_group(slot.pid)


preloads = pytest.mark.parametrize("preload", ["off", "on"])


@preloads
def test_term_drains_all_workers_and_leaves_nothing_behind(preload):
    with running(Daemon(3, preload=preload)) as daemon:
        daemon.wait_for_workers(3)
        assert daemon.stop() == "stopped"
        assert {slot.wait_status for slot in daemon.board.slots} == {0}
        assert daemon.board.draining == 1


@preloads
def test_a_killed_worker_is_replaced_and_how_it_died_is_noted(preload):
    with running(Daemon(2, preload=preload)) as daemon:
        first, second = daemon.wait_for_workers(2)
        os.kill(first, signal.SIGKILL)
        daemon.wait_for_workers(1, without=[first, second])
        dead = next((slot for slot in daemon.board.slots if slot.pid == first), None)
        assert dead is None or dead.wait_status == signal.SIGKILL
        assert second in daemon.pids()
        assert daemon.stop() == "stopped"


def test_a_worker_that_exits_by_itself_is_replaced():
    daemon = Daemon(1)
    daemon.job = lambda slot: os._exit(7) if slot.generation < 3 else None
    with running(daemon):
        wait_until(lambda: any(slot.generation == 3 and slot.state == State.READY for slot in daemon.board.slots), "3")
        assert daemon.stop() == "stopped"


def test_a_worker_that_asks_for_renewal_leaves_once_its_successor_is_ready():
    daemon = Daemon(1)

    def job(slot: Slot) -> None:
        if slot.generation == 1:
            slot.renewal = 1
            daemon.premises.supervisor_bell.ring()

    daemon.job = job
    with running(daemon):
        wait_until(lambda: [slot.generation for slot in daemon.board.living()] == [2], "the successor has taken over")
        first = next(slot for slot in daemon.board.slots if slot.generation == 1)
        assert first.wait_status == 0
        assert daemon.stop() == "stopped"


def test_hup_replaces_all_workers_and_keeps_the_pid():
    with running(Daemon(2, preload="on")) as daemon:
        old = daemon.wait_for_workers(2)
        daemon.child.signal(signal.SIGHUP)
        daemon.wait_for_workers(2, without=old)
        wait_until(lambda: not any(processes.is_running(pid) for pid in old), "the old workers have left")
        assert daemon.stop() == "stopped"


def test_a_second_term_kills_a_worker_that_does_not_finish():
    daemon = Daemon(1)

    def job(slot: Slot) -> None:
        signal.signal(signal.SIGTERM, lambda *_: setattr(slot, "stale", slot.stale + 1))
        slot.failed = 1
        time.sleep(60)

    daemon.job = job
    with running(daemon):
        wait_until(lambda: daemon.board.slots[0].failed, "the job runs")
        daemon.child.signal(signal.SIGTERM)
        wait_until(lambda: daemon.board.slots[0].stale, "the worker was told")
        daemon.child.signal(signal.SIGTERM)
        assert daemon.end() == "stopped"
        assert daemon.board.slots[0].ending == Ending.SHUTDOWN
        assert daemon.board.slots[0].wait_status == signal.SIGKILL
        assert daemon.board.slots[0].stale == 1, "it was told once"


def test_the_shutdown_timeout_kills_a_worker_that_does_not_finish():
    daemon = Daemon(1, shutdown_timeout=0.2)
    daemon.job = ignore_every_signal
    with running(daemon):
        wait_until(lambda: daemon.board.slots[0].failed, "the job runs")
        assert daemon.stop() == "stopped"
        assert daemon.board.slots[0].ending == Ending.SHUTDOWN


def test_quit_does_not_wait_for_the_job():
    daemon = Daemon(1)
    daemon.job = ignore_every_signal
    with running(daemon):
        wait_until(lambda: daemon.board.slots[0].failed, "the job runs")
        daemon.child.signal(signal.SIGQUIT)
        assert daemon.end() == "stopped"


def test_a_job_that_outlives_its_deadline_is_killed_with_all_that_it_started(monkeypatch):
    monkeypatch.setattr("delayed_daemon.supervisor.deadlines.GRACE_SECONDS", 0.1)
    daemon = Daemon(1)

    def job(slot: Slot) -> None:
        if slot.generation > 1:
            return
        os.fork()
        now = monotonic_ns()
        slot.executions_used = 1
        slot.take_in_hand(0, Execution(17, 1, now, now + 50_000_000, 1, -1))
        daemon.premises.supervisor_bell.ring()
        ignore_every_signal(slot)

    daemon.job = job
    with running(daemon):
        first = wait_until(
            lambda: next((slot for slot in daemon.board.slots if slot.wait_status), None), "it is killed"
        )
        assert first.ending == Ending.DEADLINE
        assert first.wait_status == signal.SIGKILL
        assert daemon.stop() == "stopped"


def test_strangers_are_reaped_and_hold_up_nobody():
    """A job leaves a process in a session of its own: it outlives the worker, and is adopted by the supervisor."""
    daemon = Daemon(1)
    strangers: list[int] = []
    reads, writes = os.pipe()

    def job(slot: Slot) -> int | None:
        if slot.generation > 1:
            return None
        for seconds in (0, 60):
            pid = processes.fork(lambda seconds=seconds: time.sleep(seconds) or 0)
            os.write(writes, pid.to_bytes(8, "big"))
        return 0

    daemon.job = job
    with running(daemon):
        strangers = [int.from_bytes(os.read(reads, 8), "big") for _ in range(2)]
        daemon.wait_for_workers(1)
        wait_until(lambda: not Path(f"/proc/{strangers[0]}").exists(), "the stranger that ended was reaped")
        try:
            assert processes.is_running(strangers[1])
            daemon.child.signal(signal.SIGTERM)
            assert daemon.child.answer() == "stopped", "it does not wait for what is not its own"
        finally:
            os.kill(strangers[1], signal.SIGKILL)
    os.close(reads)
    os.close(writes)


def test_a_term_that_comes_while_a_worker_is_being_forked_stops_it_too():
    """The fork server's answer arrives when the daemon is already draining."""
    daemon = Daemon(1, preload="on", shutdown_timeout=5.0)

    def fork_server(channel: Channel) -> int:
        daemon.premises.lifeline.let_go()
        channel.send({"ready": True})
        requests: list[dict[str, Any]] = []
        wait_until(lambda: requests.extend(channel.receive()) or requests, "a worker is asked for")
        os.kill(os.getppid(), signal.SIGTERM)
        wait_until(lambda: daemon.board.draining, "the daemon drains")
        server = ForkServer(channel, daemon.premises, lambda: None, daemon.worker)
        channel.send(server._fork(requests[0]["fork"], requests[0]["slot"]))
        return server._serve()

    daemon.fork_server = fork_server
    with running(daemon):
        assert daemon.end() == "stopped"
        assert daemon.board.slots[0].ending == Ending.ITSELF, "it left by itself, long before the deadline"


def test_a_worker_that_dies_before_the_fork_servers_answer_is_replaced():
    daemon = Daemon(1, preload="on")

    def fork_server(channel: Channel) -> int:
        server = ForkServer(channel, daemon.premises, lambda: None, daemon.worker)
        daemon.premises.lifeline.let_go()
        channel.send({"ready": True})
        requests: list[dict[str, Any]] = []
        wait_until(lambda: requests.extend(channel.receive()) or requests, "a worker is asked for")
        answer = server._fork(requests[0]["fork"], requests[0]["slot"])
        os.kill(answer["pid"], signal.SIGKILL)
        wait_until(lambda: not Path(f"/proc/{answer['pid']}").exists(), "the supervisor has reaped it")
        channel.send(answer)
        return server._serve()

    daemon.fork_server = fork_server
    with running(daemon):
        wait_until(lambda: any(slot.generation == 2 and slot.state == State.READY for slot in daemon.board.slots), "2")
        assert daemon.stop() == "stopped"


def test_a_reload_while_the_old_fork_server_owes_an_answer_loses_no_worker():
    daemon = Daemon(1, preload="on", shutdown_timeout=5.0)

    def fork_server(channel: Channel) -> int:
        if daemon.board.wakes:
            return daemon._fork_server(channel)
        daemon.board.wakes = 1
        daemon.premises.lifeline.let_go()
        channel.send({"ready": True})
        requests: list[dict[str, Any]] = []
        wait_until(lambda: requests.extend(channel.receive()) or requests, "a worker is asked for")
        ForkServer(channel, daemon.premises, lambda: None, daemon.worker)._fork(
            requests[0]["fork"], requests[0]["slot"]
        )
        os.kill(os.getppid(), signal.SIGHUP)
        time.sleep(60)
        return 0

    daemon.fork_server = fork_server
    with running(daemon):
        daemon.wait_for_workers(1)
        assert daemon.stop() == "stopped"


def test_a_fork_server_that_is_killed_is_started_again_and_its_workers_are_renewed():
    daemon = Daemon(1, preload="on")
    reads, writes = os.pipe()

    def fork_server(channel: Channel) -> int:
        os.write(writes, os.getpid().to_bytes(8, "big"))
        return daemon._fork_server(channel)

    daemon.fork_server = fork_server
    with running(daemon):
        old = daemon.wait_for_workers(1)
        os.kill(int.from_bytes(os.read(reads, 8), "big"), signal.SIGKILL)
        daemon.wait_for_workers(1, without=old)
        assert daemon.stop() == "stopped"
    os.close(reads)
    os.close(writes)


def test_an_application_that_cannot_be_imported_ends_the_start_with_its_error():
    def load() -> None:
        raise CannotStart("importing shop:\nModuleNotFoundError: No module named 'shop'")

    daemon = Daemon(1, preload="auto")
    daemon.load = load
    with running(daemon):
        assert daemon.end().endswith("importing shop:\nModuleNotFoundError: No module named 'shop'")


def test_a_worker_that_cannot_import_the_application_ends_the_start():
    daemon = Daemon(1)
    daemon.worker = lambda _index, _generation: 3  # type: ignore[method-assign]
    with running(daemon):
        assert "cannot be imported by a worker" in daemon.end()


def test_an_import_that_starts_a_thread_is_left_to_each_worker():
    daemon = Daemon(1, preload="auto")
    daemon.load = lambda: threading.Thread(target=lambda: time.sleep(60), daemon=True).start()
    with running(daemon):
        daemon.wait_for_workers(1)
        assert daemon.stop() == "stopped"


def test_exit_on_complete_goes_on_while_a_worker_looked_before_the_last_job_ended():
    daemon = Daemon(1, exit_on_complete=True)
    looks = 3

    def worker(index: int, generation: int) -> int:
        slot = daemon.board.slots[index]
        watch = Watch(daemon.premises, slot, generation)
        watch.await_go()
        slot.done_ns = monotonic_ns()
        slot.state = State.IDLE
        while not watch.must_drain():
            slot.performed += 1
            slot.idle_claim_ns = slot.done_ns + (1 if slot.performed == looks else -1)
            daemon.premises.supervisor_bell.ring()
            watch.sleep(60.0)
        slot.state = State.GONE
        return 0

    daemon.worker = worker  # type: ignore[method-assign]
    with running(daemon):
        assert daemon.end() == "stopped"
        assert daemon.board.slots[0].performed >= looks


def test_maintenance_that_dies_is_started_again_and_leaves_last():
    daemon = Daemon(1)
    first = daemon.maintenance

    def maintenance() -> int:
        daemon.board.wakes += 1
        if daemon.board.wakes == 1:
            os._exit(9)
        return first()

    daemon.maintenance = maintenance  # type: ignore[method-assign]
    with running(daemon):
        wait_until(lambda: daemon.board.wakes >= 2, "maintenance runs again")
        daemon.wait_for_workers(1)
        assert daemon.stop() == "stopped"


def test_maintenance_that_cannot_finish_does_not_hold_up_the_end():
    daemon = Daemon(1)
    daemon.maintenance = lambda: ignore_every_signal(None)  # type: ignore[method-assign]
    with running(daemon):
        daemon.wait_for_workers(1)
        assert daemon.stop() == "stopped"


def ignore_every_signal(slot: Slot | None) -> int:
    """For a minute, so that nothing stays behind when a test fails."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if slot is not None:
        slot.failed = 1
    time.sleep(60)
    return 0
