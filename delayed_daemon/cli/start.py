"""``delayed-daemon start``."""

from __future__ import annotations

import click

from delayed_daemon.cli.daemon import run_daemon
from delayed_daemon.cli.exits import ExitCode
from delayed_daemon.cli.options import Given, SectionedCommand, takes_settings


@click.command(cls=SectionedCommand)
@takes_settings()
def start(given: Given) -> int:
    """Run the daemon in the foreground.

    TERM or INT finish the jobs in hand and leave; a second one leaves at once.
    """
    run_daemon(given, lambda config: config)
    return ExitCode.FINE
