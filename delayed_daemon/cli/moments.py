"""Lengths of time and moments, as they are typed on the command line."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import click

from delayed_daemon.settings import parse_duration

When = datetime | timedelta


class Duration(click.ParamType[float]):
    """A length of time, in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return parse_duration(str(value))
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is not a duration: seconds, or a number with s, m, h or d", param, ctx)


class Moment(click.ParamType[When]):
    """A time with its zone, or how long from now."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> When:
        try:
            return timedelta(seconds=parse_duration(value))
        except ValueError:
            pass
        except OverflowError:
            self.fail(f"{value!r} is too long from now", param, ctx)
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is neither a time like 2030-01-31T09:00+01:00 nor a duration like 10m", param, ctx)
        if moment.utcoffset() is None:
            self.fail(f"{value!r} has no time zone; add Z, or an offset like +01:00", param, ctx)
        return moment
