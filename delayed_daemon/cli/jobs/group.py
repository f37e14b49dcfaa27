"""The group of commands about jobs."""

from __future__ import annotations

import click

from delayed_daemon.cli.on_demand import CommandsOnDemand

JOBS_COMMANDS = {
    "Look": {
        "list": "List jobs, in order of their ids.",
    },
}
"""The first sentence of each command's help, by heading."""

_MODULES = {"list": "listing"}


@click.group(cls=CommandsOnDemand, package="delayed_daemon.cli.jobs", sections=JOBS_COMMANDS, modules=_MODULES)
def jobs() -> None:
    """Look at jobs, and change them."""
