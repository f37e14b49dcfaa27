"""Before there is a supervisor: what needs YAML or the database is done by short-lived children."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from delayed_daemon.cli.options import Given
from delayed_daemon.config import Config
from delayed_daemon.embedded.holder import Holder
from delayed_daemon.errors import CannotStart, DelayedDaemonError, InvalidOptions
from delayed_daemon.host import logs, processes
from delayed_daemon.settings import from_json, to_json


class ToldToStop(Exception):
    """TERM or INT came while the daemon was still booting."""


def effective_config(given: Given) -> Config:
    """The settings, read by a child. Raises `InvalidOptions` with every problem."""
    return from_json(_in_a_child(lambda: to_json(given.resolve().config)))


def with_database(config: Config, holder: Holder | None) -> Config:
    """The settings with a database that is there and has our tables: waited for, started, created as needed.

    CannotStart for what no waiting mends. ``holder`` is given when the database is the embedded one.
    """

    def prepare() -> str:
        from delayed_daemon.cli.preparation import prepare as prepare_database

        logs.configure(config.log_level, config.log_format)
        return prepare_database(config, holder)

    return replace(config, database_url=_in_a_child(prepare))


def stop_embedded(data_dir: Path, holder: Holder) -> None:
    """Leave the embedded server; the last holder stops it."""

    def stop() -> str:
        from delayed_daemon.embedded.server import EmbeddedServer

        return str(EmbeddedServer(data_dir).stop_if_last(holder))

    _in_a_child(stop)


def _in_a_child(work: Callable[[], str]) -> str:
    """What ``work`` returned, or raises what it raised, from a process that is gone afterwards."""
    reads, writes = os.pipe()

    def child() -> int:
        os.close(reads)
        with os.fdopen(writes, "w") as answer:
            json.dump(_answer(work), answer)
        return 0

    with _signals_raise():
        pid = processes.fork(child)
        os.close(writes)
        try:
            with os.fdopen(reads) as answer:
                said = answer.read()
            os.waitpid(pid, 0)
        except ToldToStop:
            processes.kill_group(pid)
            os.waitpid(pid, 0)
            raise
    return _result(json.loads(said) if said else {"cannot_start": "a child that prepares the start has died"})


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


@contextmanager
def _signals_raise() -> Iterator[None]:
    def stop(_number: int, _frame: object) -> None:
        raise ToldToStop

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
