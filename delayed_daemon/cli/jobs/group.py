"""The group of commands about jobs."""

from __future__ import annotations

import click

from delayed_daemon.cli.on_demand import CommandsOnDemand

JOBS_COMMANDS = {
    "Look": {
        "list": "List jobs, in order of their ids.",
        "show": "Show everything about one job.",
    },
    "Change": {
        "retry": "Let failed jobs run again now.",
        "reschedule": "Let waiting jobs run at another time.",
        "release": "Let held jobs be claimed again now.",
        "cancel": "Delete waiting jobs.",
        "delete": "Delete jobs that failed.",
    },
}
"""The first sentence of each command's help, by heading."""

_MODULES = {"list": "listing"}


@click.group(cls=CommandsOnDemand, package="delayed_daemon.cli.jobs", sections=JOBS_COMMANDS, modules=_MODULES)
def jobs() -> None:
    """Look at jobs, and change them."""
