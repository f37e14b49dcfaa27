"""``delayed-daemon config``: what the settings come to, and why."""

from __future__ import annotations

import json

import click

from delayed_daemon.cli.options import Given, SectionedCommand, takes_settings
from delayed_daemon.cli.table import table
from delayed_daemon.settings import SETTINGS, Resolved


@click.command(cls=SectionedCommand)
@click.option("--json", "as_json", is_flag=True, help="as one JSON document; durations in seconds")
@takes_settings()
def config(given: Given, as_json: bool) -> int:
    """Show the effective settings and where each comes from.

    Passwords are hidden. The exit code is 2 when a setting is wrong.
    """
    resolved = given.resolve()
    click.echo(_document(resolved) if as_json else _table(resolved))
    return 0


def _table(resolved: Resolved) -> str:
    shown = resolved.shown()
    rows = [
        (setting.name, setting.text(shown[setting.name]) or None, resolved.sources[setting.name])
        for setting in SETTINGS
    ]
    return "\n".join(table(("SETTING", "VALUE", "SOURCE"), rows))


def _document(resolved: Resolved) -> str:
    shown = resolved.shown()
    document = {name: {"value": value, "source": resolved.sources[name]} for name, value in shown.items()}
    return json.dumps(document, indent=2)
