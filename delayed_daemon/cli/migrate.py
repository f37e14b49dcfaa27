"""``delayed-daemon migrate``: the tables, made or brought up to date."""

from __future__ import annotations

import click

from delayed_daemon.cli.database import opened
from delayed_daemon.cli.options import DATABASE, Given, SectionedCommand, takes_settings
from delayed_daemon.store import migration


@click.command(cls=SectionedCommand)
@click.option("--sql", "as_sql", is_flag=True, help="print the script for psql instead; connects to nothing")
@takes_settings(*DATABASE)
def migrate(given: Given, as_sql: bool) -> int:
    """Create the tables, or bring them up to date.

    Daemons may run meanwhile. Doing it twice, or at the same time, does no harm.
    """
    config = given.resolve().config
    if as_sql:
        click.echo(migration.sql(config.schema), nl=False)
        return 0
    with opened(config) as connection:
        for applied in migration.migrate(connection, config.schema):
            click.echo(f"applied {applied}")
    click.echo(f"schema {config.schema} is up to date (version {migration.migrations()[-1].version})")
    return 0
