"""``delayed-daemon clear``: delayed_job's ``rake jobs:clear``."""

from __future__ import annotations

import click

from delayed_daemon.cli.database import opened_as_it_is
from delayed_daemon.cli.exits import ExitCode
from delayed_daemon.cli.jobs.changing import Wanted, change
from delayed_daemon.cli.options import DATABASE, Given, SectionedCommand, takes_settings
from delayed_daemon.store.backlog import Backlog, Selection

_NOT_LOCKED = ("ready", "scheduled", "failed", "held")


@click.command(cls=SectionedCommand)
@click.option("--queue", "queues", metavar="QUEUE", multiple=True, help="only those of this queue (repeatable)")
@click.option("--yes", "-y", is_flag=True, help="do not ask")
@click.option("--json", "as_json", is_flag=True, help="as one JSON document: the ids that were deleted")
@takes_settings(*DATABASE)
def clear(given: Given, queues: tuple[str, ...], yes: bool, as_json: bool) -> int:
    """Delete all jobs, failed and waiting.

    Those that a worker has are left alone; the exit code is 1 when there are some.
    """
    selection = Selection(queues=queues)
    wanted = Wanted(ids=(), selection=selection, all_jobs=not queues, limit=None, yes=yes, as_json=as_json)
    wanted.check()
    config = given.resolve().config
    with opened_as_it_is(config) as connection:
        backlog = Backlog(connection, config.schema)
        code = change(backlog, wanted, "Clear", _NOT_LOCKED, lambda ids: backlog.delete(ids, _NOT_LOCKED))
        locked = len(backlog.select(selection.in_states(("locked",)), None))
    if locked and code is ExitCode.FINE:
        click.echo(f"delayed-daemon: {locked} left, which workers have: stop the daemon, then clear again", err=True)
        return ExitCode.FALSE
    return code
