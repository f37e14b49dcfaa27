"""Before there is a supervisor: what needs YAML or the database is done by short-lived children."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from delayed_daemon.cli.options import Given
from delayed_daemon.config import Config
from delayed_daemon.embedded.holder import Holder
from delayed_daemon.errors import CannotStart, DelayedDaemonError, InvalidOptions
from delayed_daemon.host import logs, processes
from delayed_daemon.host.signals import SignalInbox
from delayed_daemon.settings import from_json, to_json

_STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
_MOST_OCTETS = 65536


class ToldToStop(Exception):
    """TERM, INT or QUIT came while the daemon was still booting."""


class Boot:
    """The steps of a start, each in a child that is gone afterwards, also when this process is killed.

    From its making until `hand_over`, TERM, INT and QUIT make the step of the moment, or the next
    one, raise `ToldToStop`; HUP has no effect.
    """

    def __init__(self) -> None:
        self._inbox = SignalInbox((*_STOP, signal.SIGHUP))

    def effective_config(self, given: Given) -> Config:
        """The settings, read by a child. Raises `InvalidOptions` with every problem."""
        return from_json(_in_a_child(lambda: to_json(given.resolve().config), self._inbox, _STOP))

    def with_database(self, config: Config, holder: Holder | None) -> Config:
        """The settings with a database that is there and has our tables: waited for, started, created as needed.

        CannotStart for what no waiting mends. ``holder`` is given when the database is the embedded one.
        """

        def prepare() -> str:
            from delayed_daemon.cli.preparation import prepare as prepare_database

            logs.configure(config.log_level, config.log_format)
            return prepare_database(config, holder)

        return replace(config, database_url=_in_a_child(prepare, self._inbox, _STOP))

    def hand_over(self) -> None:
        """What comes from here on waits, blocked, for the inbox of the supervisor."""
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            _heed(self._inbox, _STOP)
        except ToldToStop:
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            raise
        self._inbox.close()


def stop_embedded(data_dir: Path, holder: Holder) -> None:
    """Leave the embedded server; the last holder stops it. Signals have no effect meanwhile: it would stay behind."""

    def stop() -> str:
        from delayed_daemon.embedded.server import EmbeddedServer

        return str(EmbeddedServer(data_dir).stop_if_last(holder))

    _in_a_child(stop, SignalInbox((*_STOP, signal.SIGHUP)), ())


def _in_a_child(work: Callable[[], str], inbox: SignalInbox, stop: tuple[signal.Signals, ...]) -> str:
    """What ``work`` returned, or raises what it raised; ToldToStop when a signal of ``stop`` comes first."""
    ours, theirs = socket.socketpair()

    def child() -> int:
        ours.close()
        threading.Thread(target=_die_with_the_parent, args=(theirs,), daemon=True).start()
        theirs.sendall(json.dumps(_answer(work)).encode())
        return 0

    with ours:
        pid = processes.fork(child)
        theirs.close()
        try:
            said = _hear(ours, inbox, stop)
        except ToldToStop:
            processes.kill_group(pid)
            raise
        finally:
            os.waitpid(pid, 0)
    return _result(json.loads(said) if said else {"cannot_start": "a child that prepares the start has died"})


def _die_with_the_parent(channel: socket.socket) -> None:
    """The parent says nothing: its end is heard of only when it is gone. What the child started goes with it."""
    channel.recv(1)
    os.killpg(0, signal.SIGKILL)


def _hear(channel: socket.socket, inbox: SignalInbox, stop: tuple[signal.Signals, ...]) -> bytes:
    """All that the child says until it leaves."""
    poll = select.poll()
    for each in (channel, inbox):
        poll.register(each, select.POLLIN)
    said = b""
    while True:
        _heed(inbox, stop)
        ready = {fd for fd, _ in poll.poll()}
        if channel.fileno() in ready:
            if not (more := channel.recv(_MOST_OCTETS)):
                return said
            said += more


def _heed(inbox: SignalInbox, stop: tuple[signal.Signals, ...]) -> None:
    if not set(stop).isdisjoint(inbox.take()):
        raise ToldToStop


def _answer(work: Callable[[], str]) -> dict[str, Any]:
    try:
        return {"value": work()}
    except InvalidOptions as error:
        return {"invalid": error.problems}
    except DelayedDaemonError as error:
        return {"cannot_start": str(error)}
    except ImportError as error:
        return {"cannot_start": f"{error}; is the extra installed? pip install 'delayed-daemon[binary]'"}


def _result(answer: dict[str, Any]) -> str:
    match answer:
        case {"value": str(value)}:
            return value
        case {"invalid": list(problems)}:
            raise InvalidOptions(problems)
        case _:
            raise CannotStart(str(answer.get("cannot_start")))
