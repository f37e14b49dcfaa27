"""``delayed-daemon jobs list``."""

from __future__ import annotations

import json
from typing import Any

import click

from delayed_daemon.cli.database import opened_as_it_is
from delayed_daemon.cli.exits import ExitCode
from delayed_daemon.cli.jobs.missing import report_missing
from delayed_daemon.cli.jobs.selecting import Id, takes_selection
from delayed_daemon.cli.options import DATABASE, Given, SectionedCommand, takes_settings
from delayed_daemon.cli.status_text import age
from delayed_daemon.cli.table import first_line, show_table, to_a_terminal
from delayed_daemon.store.backlog import Backlog, ListedJob, Selection

_HEADER = ("ID", "STATE", "QUEUE", "PRIORITY", "ATTEMPTS", "RUN AT", "NAME", "ERROR")


@click.command(name="list", cls=SectionedCommand)
@click.argument("ids", metavar="[ID]...", nargs=-1, type=Id)
@takes_selection
@click.option("--limit", metavar="N", type=click.IntRange(1, 100_000), default=50, help="at most so many  [50]")
@click.option(
    "--after", metavar="ID", type=click.IntRange(0), default=0, help="only jobs with larger ids: the next page"
)
@click.option(
    "--json", "as_json", is_flag=True, help="as one JSON document: jobs, and next, the ID for --after or null"
)
@takes_settings(*DATABASE)
def listing(given: Given, ids: tuple[int, ...], selection: Selection, limit: int, after: int, as_json: bool) -> int:
    """List jobs, in order of their ids.

    All of them, unless told which. The exit code is 1 when there is no job with one of the IDs.
    """
    if ids and not selection.is_empty:
        raise click.UsageError("either IDs or options that select jobs, not both")
    config = given.resolve().config
    with opened_as_it_is(config) as connection:
        backlog = Backlog(connection, config.schema)
        found = backlog.listed(ids) if ids else backlog.page(selection, after=after, limit=limit + 1)
    page = found if ids else found[:limit]
    following = page[-1].id if len(found) > len(page) else None
    if as_json:
        click.echo(json.dumps({"jobs": [_document(job) for job in page], "next": following}, indent=2))
    else:
        _show(page, following)
    return report_missing(ids, {job.id for job in page}) if ids else ExitCode.FINE


def _show(page: list[ListedJob], following: int | None) -> None:
    if not page:
        click.echo("No such jobs.")
        return
    show_table(_HEADER, [_row(job) for job in page])
    if following is not None:
        click.echo(f"There are more: the next page is --after {following}")


def _row(job: ListedJob) -> tuple[object, ...]:
    error = first_line(job.last_error) if job.last_error else None
    return job.id, job.state, job.queue, job.priority, job.attempts, _when(job), job.name, error


def _when(job: ListedJob) -> str:
    """On a terminal how long ago or from now, in a pipe the time itself."""
    if not to_a_terminal():
        return job.run_at
    if abs(job.due_seconds) == float("inf"):
        return "never" if job.due_seconds > 0 else "always"
    return f"in {age(job.due_seconds)}" if job.due_seconds > 0 else f"{age(-job.due_seconds)} ago"


def _document(job: ListedJob) -> dict[str, Any]:
    document = job._asdict()
    del document["handler"], document["due_seconds"]
    return document | {"name": job.name}
