"""``delayed-daemon``: the group of commands, and the one place where errors become exit codes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from delayed_daemon import __version__
from delayed_daemon.cli.exits import ExitCode, no_driver, report, report_usage
from delayed_daemon.cli.on_demand import CommandsOnDemand
from delayed_daemon.cli.options import Session
from delayed_daemon.errors import DelayedDaemonError

COMMANDS = {
    "Run": {
        "start": "Run the daemon in the foreground.",
        "work-off": "Perform the jobs that are ready, then leave.",
    },
    "Look": {
        "status": "Show the daemons, what they perform, and how many jobs wait.",
        "check": "Say whether a ready job waits for longer than it should.",
        "config": "Show the effective settings and where each comes from.",
    },
    "Do": {
        "enqueue": "Enqueue a job and print its id.",
        "jobs": "Look at jobs, and change them.",
        "clear": "Delete all jobs, failed and waiting.",
        "prune": "Delete failed jobs that are kept no longer.",
        "migrate": "Create the tables, or bring them up to date.",
    },
    "Begin": {
        "init": "Write a commented configuration and a first job.",
        "version": "Show the versions of what runs here.",
    },
}
"""The first sentence of each command's help, by heading; kept here so that ``--help`` loads no command."""


def main() -> NoReturn:
    """Runs the command line of this process and leaves it with an `ExitCode`."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Performs one command; returns its exit code. Errors that nobody foresaw pass through."""
    session = Session()
    try:
        code = delayed_daemon.main(list(arguments), prog_name="delayed-daemon", standalone_mode=False, obj=session)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return ExitCode.USAGE
    except click.ClickException as error:
        return report_usage(error)
    except click.Abort:
        return ExitCode.INTERRUPTED
    except DelayedDaemonError as error:
        return report(error, debug=session.debug)
    except ImportError as error:
        if not no_driver(error):
            raise
        return report(error, debug=session.debug)
    return code or ExitCode.FINE


@click.group(
    cls=CommandsOnDemand,
    package="delayed_daemon.cli",
    sections=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="delayed-daemon", message="%(prog)s %(version)s")
def delayed_daemon() -> None:
    """Background jobs for Python and PostgreSQL.

    \b
    delayed-daemon start --app shop.jobs --workers 4
    delayed-daemon COMMAND --help
    """
