"""``delayed-daemon jobs reschedule``."""

from __future__ import annotations

import click

from delayed_daemon.cli.database import opened_as_it_is
from delayed_daemon.cli.jobs.changing import Wanted, change, takes_jobs
from delayed_daemon.cli.moments import Moment, When
from delayed_daemon.cli.options import DATABASE, Given, SectionedCommand, takes_settings
from delayed_daemon.store.backlog import Backlog


@click.command(cls=SectionedCommand)
@takes_jobs
@click.option("--run-at", metavar="WHEN", type=Moment(), required=True, help="2030-01-31T09:00+01:00, or 10m from now")
@takes_settings(*DATABASE, "wake_ups")
def reschedule(given: Given, wanted: Wanted, run_at: When) -> int:
    """Let waiting jobs run at another time.

    That is, ready and scheduled ones.
    """
    config = given.resolve().config
    with opened_as_it_is(config) as connection:
        backlog = Backlog(connection, config.schema, wake="when_idle" if config.wake_ups else "never")
        return change(
            backlog, wanted, "Reschedule", ("ready", "scheduled"), lambda ids: backlog.reschedule(ids, run_at)
        )
