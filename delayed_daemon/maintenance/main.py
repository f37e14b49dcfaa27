"""What maintenance does from its fork to its exit code."""

from __future__ import annotations

import socket
import uuid
from functools import partial

from delayed_daemon.config import Config, Pool
from delayed_daemon.host import processes, titles
from delayed_daemon.host.premises import Premises
from delayed_daemon.maintenance.desk import Desk
from delayed_daemon.maintenance.ear import Ear
from delayed_daemon.maintenance.maintenance import Maintenance
from delayed_daemon.maintenance.pulse import Pulse
from delayed_daemon.maintenance.snapshot import snapshot
from delayed_daemon.maintenance.tally import Tally
from delayed_daemon.store.connection import connect
from delayed_daemon.store.upkeep import DaemonRow, Upkeep


def main(config: Config, premises: Premises, daemon: str, version: str) -> int:
    """Be the maintenance of ``daemon`` (``name:pid``), of that version; the exit code."""
    premises.lifeline.let_go()
    titles.name_process("maintenance")
    assert config.database_url is not None
    deadline = min(5.0, config.lease / 6)
    open_desk = partial(
        connect, config.database_url, application_name="delayed-daemon maintenance", deadline_seconds=deadline
    )
    open_pulse = partial(
        connect, config.database_url, application_name="delayed-daemon heartbeat", deadline_seconds=deadline
    )
    open_ear = partial(connect, config.database_url, application_name="delayed-daemon listener")
    tally = Tally(premises.board)
    pulse = Pulse(
        premises,
        Desk(open_pulse, config.schema),
        partial(_register, config, daemon, version),
        lambda: snapshot(premises.board, lambda: tally.rate),
        config.lease,
    )
    ear = Ear(open_ear, config.schema) if config.wake_ups else None
    return Maintenance(config, premises, daemon, pulse, Desk(open_desk, config.schema), ear, tally).run()


def _register(config: Config, daemon: str, version: str, upkeep: Upkeep, holder: uuid.UUID) -> None:
    name, _, pid = daemon.rpartition(":")
    least, most = _priorities(config.pools)
    upkeep.register(
        DaemonRow(
            id=holder,
            name=name,
            host=socket.gethostname(),
            pid=int(pid),
            boot_id=processes.boot_id(),
            version=version,
            workers=sum(pool.workers for pool in config.pools),
            lease_seconds=config.lease,
            queues=_queues(config.pools),
            min_priority=least,
            max_priority=most,
        )
    )


def _queues(pools: tuple[Pool, ...]) -> tuple[str, ...]:
    """What any of the pools serves; none named means all."""
    if not all(pool.queues for pool in pools):
        return ()
    return tuple(dict.fromkeys(queue for pool in pools for queue in pool.queues))


def _priorities(pools: tuple[Pool, ...]) -> tuple[int | None, int | None]:
    """The bounds of all pools together, None where one of them has none."""
    least = [pool.min_priority for pool in pools]
    most = [pool.max_priority for pool in pools]
    return (
        None if None in least else min(bound for bound in least if bound is not None),
        None if None in most else max(bound for bound in most if bound is not None),
    )
