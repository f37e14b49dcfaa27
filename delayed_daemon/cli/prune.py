"""``delayed-daemon prune``: delete failed jobs that are kept no longer, now."""

from __future__ import annotations

import json
import sys

import click

from delayed_daemon.cli.database import opened
from delayed_daemon.cli.moments import Duration
from delayed_daemon.cli.options import DATABASE, Given, SectionedCommand, takes_settings
from delayed_daemon.errors import ConfigurationError
from delayed_daemon.settings import format_duration
from delayed_daemon.store import migration
from delayed_daemon.store.upkeep import Upkeep

_BATCH = 1000


@click.command(cls=SectionedCommand)
@click.option("--older-than", metavar="DURATION", type=Duration(), help="how long ago they failed  [keep_failed]")
@click.option("--dry-run", is_flag=True, help="only say how many there are")
@click.option("--json", "as_json", is_flag=True, help="as one JSON document")
@takes_settings(*DATABASE, "keep_failed")
def prune(given: Given, older_than: float | None, dry_run: bool, as_json: bool) -> int:
    """Delete failed jobs that are kept no longer.

    Daemons do so by themselves when keep_failed is set. It goes in batches, and waits for no row.
    """
    config = given.resolve().config
    keep = config.keep_failed if older_than is None else older_than
    if keep is None:
        raise ConfigurationError("failed jobs are kept for ever; say how old they must be: --older-than 30d")
    with opened(config) as connection:
        migration.check(connection, config.schema)
        upkeep = Upkeep(connection, config.schema)
        count = upkeep.count_prunable(keep)
        if not dry_run:
            count = _prune(upkeep, keep, count)
    if as_json:
        click.echo(json.dumps({"count": count, "dry_run": dry_run, "older_than_seconds": keep}))
    else:
        click.echo(
            f"{'to be ' if dry_run else ''}deleted: {count} jobs that failed {format_duration(keep)} ago or more"
        )
    return 0


def _prune(upkeep: Upkeep, keep: float, expected: int) -> int:
    pruned = 0
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=expected, label="pruning", file=sys.stderr, hidden=hidden, show_pos=True) as bar:
        while count := upkeep.prune(keep, _BATCH):
            pruned += count
            bar.update(count)
    return pruned
