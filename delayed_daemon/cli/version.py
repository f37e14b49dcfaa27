"""``delayed-daemon version``: what runs here, for a bug report."""

from __future__ import annotations

import json
import platform

import click

from delayed_daemon import __version__
from delayed_daemon.cli.options import SectionedCommand


@click.command(cls=SectionedCommand)
@click.option("--json", "as_json", is_flag=True, help="as one JSON document")
def version(as_json: bool) -> int:
    """Show the versions of what runs here.

    It connects to nothing. What a missing library would have said is a dash.
    """
    versions = _versions()
    if as_json:
        click.echo(json.dumps(versions, indent=2))
    else:
        for name, number in versions.items():
            click.echo(f"{name.replace('_', '-'):<14}  {number or '-'}")
    return 0


def _versions() -> dict[str, str | None]:
    return {
        "delayed_daemon": __version__,
        "python": platform.python_version(),
        **_driver(),
        "platform": platform.platform(),
    }


def _driver() -> dict[str, str | None]:
    """The driver's versions; None each where psycopg finds no libpq, which is when people ask for them."""
    try:
        import psycopg
        from psycopg import pq
    except ImportError:
        return {"psycopg": None, "libpq": None}
    return {"psycopg": f"{psycopg.__version__} ({pq.__impl__})", "libpq": _dotted(pq.version())}


def _dotted(number: int) -> str:
    """libpq's number, 180006, as 18.6."""
    return f"{number // 10000}.{number % 10000}"
