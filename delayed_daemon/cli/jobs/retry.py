"""``delayed-daemon jobs retry``."""

from __future__ import annotations

import click

from delayed_daemon.cli.database import opened_as_it_is
from delayed_daemon.cli.jobs.changing import Wanted, change, takes_jobs
from delayed_daemon.cli.options import DATABASE, Given, SectionedCommand, takes_settings
from delayed_daemon.store.backlog import Backlog


@click.command(cls=SectionedCommand)
@takes_jobs
@takes_settings(*DATABASE, "wake_ups")
def retry(given: Given, wanted: Wanted) -> int:
    """Let failed jobs run again now.

    With all their attempts; the history of their errors is kept.
    """
    config = given.resolve().config
    with opened_as_it_is(config) as connection:
        backlog = Backlog(connection, config.schema, wake="when_idle" if config.wake_ups else "never")
        return change(backlog, wanted, "Retry", ("failed",), backlog.retry)
