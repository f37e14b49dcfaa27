"""From the settings on the command line to a supervisor and back: what ``start`` and ``work-off`` share."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import structlog

from delayed_daemon.cli.boot import Boot, ToldToStop, stop_embedded
from delayed_daemon.cli.options import Given
from delayed_daemon.config import Config
from delayed_daemon.embedded.holder import Holder
from delayed_daemon.embedded.places import resolve_data_dir
from delayed_daemon.host import logs, processes, titles
from delayed_daemon.host.channel import Channel
from delayed_daemon.host.premises import Premises
from delayed_daemon.host.scoreboard import Scoreboard
from delayed_daemon.supervisor.supervisor import Halves, Supervisor

log = structlog.get_logger()


def run_daemon(given: Given, adapt: Callable[[Config], Config], allowance: int | None = None) -> Scoreboard | None:
    """Run a daemon to its end; its scoreboard then, or None when it was told to stop while booting.

    ``adapt`` changes the settings that were given. Raises `InvalidOptions` and `CannotStart`.
    """
    processes.open_missing_streams()
    boot = Boot()
    titles.prepare()
    try:
        config = adapt(boot.effective_config(given))
        logs.configure(config.log_level, config.log_format)
        if not config.app:
            log.warning("daemon.without_application", consequence="no job can be performed: name a module with --app")
        if config.database_url is not None:
            return _supervise(boot, boot.with_database(config, None), allowance)
        return _supervise_on_embedded(boot, config, allowance)
    except ToldToStop:
        return None


def _supervise_on_embedded(boot: Boot, config: Config, allowance: int | None) -> Scoreboard:
    data_dir = resolve_data_dir(Path(config.data_dir) if config.data_dir else None)
    holder = Holder(data_dir)
    try:
        config = boot.with_database(config, holder)
        _show(f"DATABASE_URL={config.database_url}\n")
        return _supervise(boot, config, allowance)
    finally:
        stop_embedded(data_dir, holder)


def _supervise(boot: Boot, config: Config, allowance: int | None) -> Scoreboard:
    boot.hand_over()
    config = replace(config, name=config.name or _host_name())
    premises = Premises(slots=2 * sum(pool.workers for pool in config.pools) + 2)
    Supervisor(config, premises, _halves(config, premises, f"{config.name}:{os.getpid()}", allowance)).run()
    return premises.board


def _halves(config: Config, premises: Premises, daemon: str, allowance: int | None) -> Halves:
    def fork_server(channel: Channel) -> int:
        from delayed_daemon.cli import halves

        return halves.fork_server(config, premises, daemon, allowance, channel)

    def worker(slot: int, generation: int) -> int:
        from delayed_daemon.cli import halves

        return halves.worker(config, premises, daemon, allowance, slot, generation)

    def maintenance() -> int:
        from delayed_daemon.cli import halves

        return halves.maintenance(config, premises, daemon)

    return Halves(fork_server, worker, maintenance)


def _show(line: str) -> None:
    """Write to standard output, which may be closed, full or somebody who has left: the daemon runs all the same."""
    if sys.stdout is None:
        return  # it was closed from the beginning, and descriptor 1 is something else by now
    with suppress(OSError):
        os.write(1, line.encode())


def _host_name() -> str:
    """This host's name, as far as a token may carry it."""
    return (
        "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in socket.gethostname()) or "host"
    )
