"""Import, report, fork on request, leave at end-of-file."""

from __future__ import annotations

import gc
import os
import select
import struct
from collections.abc import Callable

from delayed_daemon.errors import CannotStart
from delayed_daemon.forkserver.safety import open_descriptors, why_unsafe_to_fork
from delayed_daemon.host import processes, titles
from delayed_daemon.host.channel import Channel, Message
from delayed_daemon.host.premises import Premises

Worker = Callable[[int, int], int]

_PID = struct.Struct("q")


class ForkServer:
    """``load`` imports the application, or raises CannotStart with a readable text; ``worker`` is a worker's half."""

    def __init__(self, channel: Channel, premises: Premises, load: Callable[[], None], worker: Worker) -> None:
        self._channel = channel
        self._premises = premises
        self._load = load
        self._worker = worker

    def run(self) -> int:
        self._premises.lifeline.let_go()
        titles.name_process("fork server")
        before = open_descriptors()
        try:
            self._load()
        except CannotStart as broken:
            self._channel.send({"broken": str(broken)})
            return 3
        if why := why_unsafe_to_fork(before):
            self._channel.send({"unsafe": why})
            return 0
        self._channel.send({"ready": True})
        return self._serve()

    def _serve(self) -> int:
        waiting = select.poll()
        waiting.register(self._channel.fileno(), select.POLLIN)
        waiting.register(self._premises.lifeline.fileno(), select.POLLIN)
        lifeline = self._premises.lifeline.fileno()
        while self._channel.open:
            if any(fd == lifeline for fd, _ in waiting.poll()):
                break
            for request in self._channel.receive():
                self._channel.send(self._fork(request["fork"], request["slot"]))
        return 0

    def _fork(self, generation: int, slot: int) -> Message:
        """Fork twice: the child between us and the worker ends at once, so that the supervisor adopts the worker."""
        gc.collect()
        gc.freeze()
        reads, writes = os.pipe()
        try:
            between = processes.fork(lambda: self._fork_again(slot, generation, reads, writes), leads_session=False)
        except OSError as refused:
            os.close(reads)
            os.close(writes)
            return {"failed": generation, "error": os.strerror(refused.errno or 0)}
        os.close(writes)
        answer = os.read(reads, _PID.size)
        os.close(reads)
        os.waitpid(between, 0)
        pid = _PID.unpack(answer)[0] if len(answer) == _PID.size else -1
        if pid <= 0:
            return {"failed": generation, "error": "the second fork failed"}
        return {"forked": generation, "pid": pid}

    def _fork_again(self, slot: int, generation: int, reads: int, writes: int) -> int:
        def become_worker() -> int:
            os.close(reads)
            os.close(writes)
            self._channel.close()
            return self._worker(slot, generation)

        try:
            pid = processes.fork(become_worker, signals_wait=True)
        except OSError:
            pid = -1
        os.write(writes, _PID.pack(pid))
        return 0
