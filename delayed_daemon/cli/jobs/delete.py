"""``delayed-daemon jobs delete``."""

from __future__ import annotations

import click

from delayed_daemon.cli.database import opened_as_it_is
from delayed_daemon.cli.jobs.changing import Wanted, change, takes_jobs
from delayed_daemon.cli.options import DATABASE, Given, SectionedCommand, takes_settings
from delayed_daemon.store.backlog import Backlog

_NOT_LOCKED = ("ready", "scheduled", "failed", "held")


@click.command(cls=SectionedCommand)
@takes_jobs
@takes_settings(*DATABASE, "wake_ups")
def delete(given: Given, wanted: Wanted) -> int:
    """Delete jobs that failed.

    Waiting ones, too, when they are named by their IDs or with --state.
    """
    states = _NOT_LOCKED if wanted.ids or wanted.selection.states else ("failed",)
    config = given.resolve().config
    with opened_as_it_is(config) as connection:
        backlog = Backlog(connection, config.schema, wake="when_idle" if config.wake_ups else "never")
        return change(backlog, wanted, "Delete", states, lambda ids: backlog.delete(ids, states))
