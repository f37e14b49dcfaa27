"""The options that say which jobs are meant: the same for every command about jobs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from delayed_daemon.cli.moments import Duration
from delayed_daemon.store.backlog import Selection
from delayed_daemon.store.states import STATES

_MOST = 2**63 - 1

Id = click.IntRange(1, _MOST)


def takes_selection(command: Callable[..., int]) -> Callable[..., int]:
    """Gives a command the options of a `Selection`, which it is given as ``selection``."""

    @wraps(command)
    def gather(
        *args: Any,
        states: tuple[str, ...],
        queues: tuple[str, ...],
        name: str | None,
        older_than: float | None,
        newer_than: float | None,
        error: str | None,
        **parameters: Any,
    ) -> int:
        selection = Selection(
            states=states, queues=queues, name=name, older_than=older_than, newer_than=newer_than, error=error
        )
        return command(*args, selection=selection, **parameters)

    described: Callable[..., int] = gather
    for option in reversed(_OPTIONS):
        described = option(described)
    return described


_OPTIONS = [
    click.option(
        "--state", "states", multiple=True, type=click.Choice(list(STATES)), help="in this state (repeatable)"
    ),
    click.option("--queue", "queues", metavar="QUEUE", multiple=True, help="in this queue (repeatable)"),
    click.option("--name", metavar="NAME", help="of this class or function, or of this module; or a pattern: *.Mail"),
    click.option("--older-than", metavar="DURATION", type=Duration(), help="enqueued at least so long ago"),
    click.option("--newer-than", metavar="DURATION", type=Duration(), help="enqueued at most so long ago"),
    click.option("--error", metavar="TEXT", help="whose last error has this text in it"),
]
