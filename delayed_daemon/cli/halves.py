"""The children's halves, put together: imported only after the fork, so that the supervisor stays small."""

from __future__ import annotations

from functools import partial

from delayed_daemon import __version__, client
from delayed_daemon.config import Config
from delayed_daemon.execution.application import import_application
from delayed_daemon.forkserver.server import ForkServer
from delayed_daemon.host.channel import Channel
from delayed_daemon.host.premises import Premises
from delayed_daemon.maintenance import main as maintenance_main
from delayed_daemon.worker import main as worker_main


def fork_server(config: Config, premises: Premises, daemon: str, allowance: int | None, channel: Channel) -> int:
    def worker(slot: int, generation: int) -> int:
        return worker_main.main(config, premises, slot, generation, daemon, client.Job, allowance=allowance)

    return ForkServer(channel, premises, partial(_import, config), worker).run()


def worker(config: Config, premises: Premises, daemon: str, allowance: int | None, slot: int, generation: int) -> int:
    importing = partial(_import, config)
    return worker_main.main(
        config, premises, slot, generation, daemon, client.Job, allowance=allowance, import_application=importing
    )


def maintenance(config: Config, premises: Premises, daemon: str) -> int:
    return maintenance_main.main(config, premises, daemon, __version__)


def _import(config: Config) -> None:
    """The application's own enqueuing goes to the daemon's database."""
    client.adopt(config)
    import_application(config.app)
