"""Where workers come from: the fork server, or the supervisor itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from delayed_daemon.host import processes
from delayed_daemon.host.channel import Channel

ForkServerHalf = Callable[[Channel], int]
WorkerHalf = Callable[[int, int], int]
"""Of a slot's index and the generation that it is forked for, which the slot may have lost to a later one."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Workers can be asked for."""


@dataclass(frozen=True, slots=True)
class Unsafe:
    """The application's import left something that must not be forked."""

    why: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The application cannot be imported."""

    error: str


@dataclass(frozen=True, slots=True)
class Born:
    """The worker of this generation was forked, and waits for the supervisor's go."""

    generation: int
    pid: int


@dataclass(frozen=True, slots=True)
class StillBorn:
    """The worker of this generation could not be forked."""

    generation: int
    why: str


News = Ready | Unsafe | Broken | Born | StillBorn


class Nursery(Protocol):
    """``ask`` for a worker; ``news`` says what became of it. ``pid`` is a process to reap, or None."""

    pid: int | None

    def start(self) -> None: ...
    def fileno(self) -> int | None: ...
    def ask(self, generation: int, slot: int) -> None: ...
    def news(self) -> list[News]: ...
    def stop(self) -> None: ...


class ForkServer:
    """The supervisor's view of the fork server: a child with the application imported."""

    def __init__(self, half: ForkServerHalf) -> None:
        self._half = half
        self._channel: Channel | None = None
        self.pid: int | None = None

    def start(self) -> None:
        ours, theirs = Channel.pair()

        def child() -> int:
            ours.close()
            return self._half(theirs)

        self.pid = processes.fork(child)
        theirs.close()
        self._channel = ours

    def fileno(self) -> int | None:
        return self._channel.fileno() if self._channel and self._channel.open else None

    def ask(self, generation: int, slot: int) -> None:
        if self._channel:
            self._channel.send({"fork": generation, "slot": slot})

    def news(self) -> list[News]:
        return [_understand(message) for message in self._channel.receive()] if self._channel else []

    def stop(self) -> None:
        """End it: it has nothing to lose, and what it imported may have taken its signals away."""
        if self._channel:
            self._channel.close()
        if self.pid is not None:
            processes.kill_group(self.pid)


class DirectForks:
    """The supervisor forks workers itself, and each imports the application: no memory is shared."""

    def __init__(self, half: WorkerHalf) -> None:
        self._half = half
        self.pid: int | None = None
        self._news: list[News] = []

    def start(self) -> None:
        self._news.append(Ready())

    def fileno(self) -> int | None:
        return None

    def ask(self, generation: int, slot: int) -> None:
        try:
            pid = processes.fork(lambda: self._half(slot, generation), signals_wait=True)
        except OSError as refused:
            self._news.append(StillBorn(generation, os.strerror(refused.errno or 0)))
        else:
            self._news.append(Born(generation, pid))

    def news(self) -> list[News]:
        news, self._news = self._news, []
        return news

    def stop(self) -> None:
        self._news.clear()


def _understand(message: dict[str, object]) -> News:
    match message:
        case {"ready": True}:
            return Ready()
        case {"unsafe": str(why)}:
            return Unsafe(why)
        case {"forked": int(generation), "pid": int(pid)}:
            return Born(generation, pid)
        case {"failed": int(generation), "error": str(why)}:
            return StillBorn(generation, why)
        case _:
            return Broken(str(message.get("broken", message)))
