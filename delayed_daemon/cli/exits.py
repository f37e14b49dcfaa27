"""What the exit code says, and how an error is told to the person at the terminal."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from enum import IntEnum

import click

from delayed_daemon.errors import (
    CannotStart,
    EmbeddedServerError,
    InvalidOptions,
    StoreError,
)


class ExitCode(IntEnum):
    FINE = 0
    FALSE = 1  # the thing asked for is not so: a job failed
    USAGE = 2  # an option, setting or argument is wrong; nothing was done
    CANNOT_START = 3  # a database, server or application that is needed is not to be had
    INTERRUPTED = 130


def report(error: Exception, *, debug: bool) -> ExitCode:
    """Says on standard error what went wrong, with the traceback only when debugging."""
    if debug:
        click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    for sentence in _sentences(error):
        click.echo(f"delayed-daemon: {sentence}", err=True)
    if isinstance(error, CannotStart | EmbeddedServerError | StoreError | ImportError):
        return ExitCode.CANNOT_START
    return ExitCode.USAGE


def report_usage(error: click.ClickException) -> ExitCode:
    """The same for what click itself refused: an unknown option, a missing argument."""
    context = getattr(error, "ctx", None)
    where = context.command_path if context else "delayed-daemon"
    click.echo(f"delayed-daemon: {error.format_message()}", err=True)
    click.echo(f"See: {where} --help", err=True)
    return ExitCode.USAGE


def no_driver(error: ImportError) -> bool:
    """Psycopg is installed, but neither its binary part nor the libpq library is."""
    return "pq wrapper" in str(error)


def _sentences(error: Exception) -> Iterable[str]:
    match error:
        case InvalidOptions():
            return error.problems
        case ImportError():
            return ["psycopg finds no libpq; run: pip install 'delayed-daemon[binary]'"]
        case _:
            return str(error).splitlines() or [type(error).__name__]
