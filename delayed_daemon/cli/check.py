"""``delayed-daemon check``: for monitoring, whether jobs wait too long."""

from __future__ import annotations

import json
from typing import Any

import click

from delayed_daemon.cli.database import embedded_server, opened_at
from delayed_daemon.cli.exits import ExitCode
from delayed_daemon.cli.options import DATABASE, Given, SectionedCommand, takes_settings
from delayed_daemon.cli.status_text import age
from delayed_daemon.errors import StoreError
from delayed_daemon.settings import parse_duration
from delayed_daemon.store import migration
from delayed_daemon.store.overview import OldestReady, oldest_ready


class Duration(click.ParamType[float]):
    """A length of time, in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return parse_duration(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a duration: seconds, or a number with s, m, h or d", param, ctx)


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
    url = config.database_url or embedded_server(config).find()
    if url is None:
        raise StoreError(f"the embedded PostgreSQL in {embedded_server(config).data_dir} is not running")
    with opened_at(url) as connection:
        migration.check(connection, config.schema)
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
