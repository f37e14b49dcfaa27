"""``delayed-daemon jobs release``."""

from __future__ import annotations

import click

from delayed_daemon.cli.database import opened_as_it_is
from delayed_daemon.cli.jobs.changing import Wanted, change, takes_jobs
from delayed_daemon.cli.options import DATABASE, Given, SectionedCommand, takes_settings
from delayed_daemon.store.backlog import Backlog


@click.command(cls=SectionedCommand)
@takes_jobs
@click.option("--locked", is_flag=True, help="locked jobs whose daemon is gone, instead of held ones")
@click.option("--force", is_flag=True, help="with --locked: of living daemons, too; the job may be performed twice")
@takes_settings(*DATABASE, "wake_ups")
def release(given: Given, wanted: Wanted, locked: bool, force: bool) -> int:
    """Let held jobs be claimed again now.

    With --locked instead locked jobs whose daemon has no living lease. With --force those of living
    daemons, too: such a job may be performed twice at the same time.
    """
    if force and not locked:
        raise click.UsageError("--force is for --locked")
    config = given.resolve().config
    with opened_as_it_is(config) as connection:
        backlog = Backlog(connection, config.schema, wake="when_idle" if config.wake_ups else "never")
        if locked:
            return change(backlog, wanted, "Release", ("locked",), lambda ids: backlog.release_locked(ids, force=force))
        return change(backlog, wanted, "Release", ("held",), backlog.release_held)
