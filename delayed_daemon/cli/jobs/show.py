"""``delayed-daemon jobs show``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click

from delayed_daemon.cli.database import opened_as_it_is
from delayed_daemon.cli.exits import ExitCode
from delayed_daemon.cli.jobs.missing import report_missing
from delayed_daemon.cli.jobs.selecting import Id
from delayed_daemon.cli.options import DATABASE, Given, SectionedCommand, takes_settings
from delayed_daemon.cli.table import printable
from delayed_daemon.job import name_in
from delayed_daemon.store.backlog import Backlog

_TEXTS = ("handler", "last_error", "errors")


@click.command(cls=SectionedCommand)
@click.argument("id", metavar="ID", type=Id)
@click.option("--json", "as_json", is_flag=True, help="as one JSON document")
@takes_settings(*DATABASE)
def show(given: Given, id: int, as_json: bool) -> int:
    """Show everything about one job.

    The exit code is 1 when there is none with this ID.
    """
    config = given.resolve().config
    with opened_as_it_is(config) as connection:
        job = Backlog(connection, config.schema).show(id)
    if job is None:
        return report_missing([id], set())
    job = {"id": job["id"], "name": name_in(job["handler"]), **job}
    click.echo(json.dumps(job, indent=2, default=str) if as_json else "\n".join(_lines(job)))
    return ExitCode.FINE


def _lines(job: dict[str, Any]) -> Iterator[str]:
    plain = {name: value for name, value in job.items() if name not in _TEXTS and value is not None}
    width = max(map(len, plain))
    for name, value in plain.items():
        yield f"{name.ljust(width)}  {printable(str(value))}"
    yield from _block("handler", _pretty(job["handler"]))
    yield from _block("last_error", job["last_error"] or "")
    for error in reversed(job["errors"] if isinstance(job["errors"], list) else []):
        known = error if isinstance(error, dict) else {"error": error}
        head = ", ".join(f"{key} {value}" for key, value in known.items() if key != "error")
        yield from _block(printable(head), str(known.get("error", "")))


def _block(head: str, text: str) -> Iterator[str]:
    if text:
        yield ""
        yield f"{head}:"
        yield from (f"  {printable(line)}".rstrip() for line in text.splitlines())


def _pretty(handler: str) -> str:
    """The tag, then its JSON over several lines; as it is where that is no JSON."""
    tag, _, body = handler.partition(" ")
    try:
        return f"{tag}\n{json.dumps(json.loads(body), indent=2, ensure_ascii=False)}"
    except (ValueError, RecursionError):
        return handler
