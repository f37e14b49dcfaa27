"""``delayed-daemon jobs cancel``."""

from __future__ import annotations

import click

from delayed_daemon.cli.database import opened_as_it_is
from delayed_daemon.cli.jobs.changing import Wanted, change, takes_jobs
from delayed_daemon.cli.options import DATABASE, Given, SectionedCommand, takes_settings
from delayed_daemon.store.backlog import Backlog

_STATES = ("ready", "scheduled", "held")


@click.command(cls=SectionedCommand)
@takes_jobs
@takes_settings(*DATABASE, "wake_ups")
def cancel(given: Given, wanted: Wanted) -> int:
    """Delete waiting jobs.

    That is, ready, scheduled and held ones; a job that is being performed is left alone.
    """
    config = given.resolve().config
    with opened_as_it_is(config) as connection:
        backlog = Backlog(connection, config.schema, wake="when_idle" if config.wake_ups else "never")
        return change(backlog, wanted, "Cancel", _STATES, lambda ids: backlog.delete(ids, _STATES))
