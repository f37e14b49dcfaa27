"""``delayed-daemon status``: who works on this database, on what, and what waits."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

from delayed_daemon.cli.database import embedded_server, opened_at
from delayed_daemon.cli.options import DATABASE, Given, SectionedCommand, takes_settings
from delayed_daemon.cli.snapshot import rate_in, workers_in
from delayed_daemon.cli.status_text import lines
from delayed_daemon.config import Config
from delayed_daemon.settings import redact
from delayed_daemon.store import migration
from delayed_daemon.store.overview import DaemonStatus, Overview, overview


@click.command(cls=SectionedCommand)
@click.option("--json", "as_json", is_flag=True, help="as one JSON document")
@takes_settings(*DATABASE)
def status(given: Given, as_json: bool) -> int:
    """Show the daemons, what they perform, and how many jobs wait.

    It asks the database, so it shows the daemons of every host. What workers do is
    as old as the last heartbeat of their daemon. An embedded PostgreSQL is not started.
    """
    config = given.resolve().config
    url = config.database_url or embedded_server(config).find()
    seen = _look(url, config) if url is not None else None
    if as_json:
        click.echo(json.dumps(_document(url, config, seen), indent=2))
    elif seen is None:
        click.echo(f"The embedded PostgreSQL in {embedded_server(config).data_dir} is not running, so no daemon is.")
    else:
        click.echo("\n".join(lines(seen)))
    return 0


def _look(url: str, config: Config) -> Overview:
    with opened_at(url) as connection:
        migration.check(connection, config.schema)
        return overview(connection, config.schema)


def _document(url: str | None, config: Config, seen: Overview | None) -> dict[str, Any]:
    """``database``, ``queues`` and ``total`` are null when the embedded PostgreSQL is not running: nobody counted."""
    return {
        "database": url and redact(url),
        "schema": config.schema,
        "daemons": [_daemon(daemon) for daemon in seen.daemons] if seen else [],
        "queues": {name: asdict(counts) for name, counts in seen.queues.items()} if seen else None,
        "total": asdict(seen.total) if seen else None,
    }


def _daemon(daemon: DaemonStatus) -> dict[str, Any]:
    document = asdict(daemon) | {
        "id": str(daemon.id),
        "state": "lapsed" if daemon.lapsed else "alive",
        "workers_wanted": daemon.workers,
        "rate": rate_in(daemon.snapshot),
        "workers": [asdict(worker) for worker in workers_in(daemon.snapshot)],
    }
    del document["snapshot"], document["lapsed"]
    return document
