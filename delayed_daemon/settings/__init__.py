"""Where settings come from: command line, environment and file become one `Config`.

Whoever starts something runs this: the command line and the producing API. It never imports
psycopg, and YAML only while a file is read, because the supervisor's process passes through here.
"""

from __future__ import annotations

from delayed_daemon.settings.catalogue import SETTINGS, Kind, Setting
from delayed_daemon.settings.conninfo import redact
from delayed_daemon.settings.durations import format_duration, parse_duration
from delayed_daemon.settings.resolution import Resolved, file_named, resolve
from delayed_daemon.settings.wire import from_json, to_json

__all__ = [
    "SETTINGS",
    "Kind",
    "Resolved",
    "Setting",
    "file_named",
    "format_duration",
    "from_json",
    "parse_duration",
    "redact",
    "resolve",
    "to_json",
]
