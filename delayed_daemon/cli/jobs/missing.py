"""What is said about jobs that were named and are not there."""

from __future__ import annotations

from collections.abc import Iterable

import click

from delayed_daemon.cli.exits import ExitCode


def report_missing(ids: Iterable[int], there: set[int]) -> ExitCode:
    """`ExitCode.FALSE` and a line on standard error for each id that is not there."""
    missing = [id for id in dict.fromkeys(ids) if id not in there]
    for id in missing:
        click.echo(f"delayed-daemon: there is no job {id}", err=True)
    return ExitCode.FALSE if missing else ExitCode.FINE
