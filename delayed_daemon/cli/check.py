"""``delayed-daemon check``: for monitoring, whether jobs wait too long."""

from __future__ import annotations

import json
from typing import Any

import click

from delayed_daemon.cli.database import opened_as_it_is
from delayed_daemon.cli.exits import ExitCode
from delayed_daemon.cli.moments import Duration
from delayed_daemon.cli.options import DATABASE, Given, SectionedCommand, takes_settings
from delayed_daemon.cli.status_text import age
from delayed_daemon.store.overview import OldestReady, oldest_ready


@click.command(cls=SectionedCommand)
@click.option("--max-age", metavar="DURATION", type=Duration(), default="5m", help="longest a ready job may wait  [5m]")
@click.option("--json", "as_json", is_flag=True, help="as one JSON document")
@takes_settings(*DATABASE)
def check(given: Given, max_age: float, as_json: bool) -> int:
    """Say whether a ready job waits for longer than it should.

    The exit code is 1 when one does. It costs the same however many jobs wait. An embedded
    PostgreSQL is not started.
    """
    config = given.resolve().config
    with opened_as_it_is(config) as connection:
        oldest = oldest_ready(connection, config.schema)
    fine = oldest is None or oldest.seconds <= max_age
    click.echo(json.dumps(_document(oldest, max_age, fine)) if as_json else _sentence(oldest, max_age, fine))
    return ExitCode.FINE if fine else ExitCode.FALSE


def _document(oldest: OldestReady | None, max_age: float, fine: bool) -> dict[str, Any]:
    return {
        "fine": fine,
        "max_age_seconds": max_age,
        "oldest_ready_seconds": oldest and round(oldest.seconds, 3),
        "job": oldest and oldest.id,
        "queue": oldest and oldest.queue,
    }


def _sentence(oldest: OldestReady | None, max_age: float, fine: bool) -> str:
    if oldest is None:
        return "No job is ready."
    waits = f"The oldest ready job, {oldest.id} in queue {oldest.queue}, has waited for {age(oldest.seconds)}"
    return f"{waits}." if fine else f"{waits}: longer than {age(max_age)}."
