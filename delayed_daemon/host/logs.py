"""Logging: events with fields, one line each; pretty on a terminal, JSON otherwise."""

from __future__ import annotations

import contextlib
import os
import re
import select
from functools import partial
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_LONGEST_LINE = select.PIPE_BUF
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


def configure(level: str, form: str, fd: int = 2) -> None:
    """Log from here on: ``level`` is the least level, ``form`` one of auto, pretty, json."""
    pretty = form == "pretty" or (form == "auto" and os.isatty(fd))
    writer = LineWriter(fd)
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            partial(_plain_values, newline="\\n" if pretty else "\n"),
            _pretty(os.isatty(fd)) if pretty else structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=lambda *_: writer,
        cache_logger_on_first_use=False,
    )


class LineWriter:
    """Writes whole lines to a descriptor and never blocks or fails: what does not fit is dropped and counted.

    A line is one ``write`` of at most PIPE_BUF bytes, so that lines of several processes do not mix.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._room = select.poll()
        self._room.register(fd, select.POLLOUT)
        self.dropped = 0

    def msg(self, line: str) -> None:
        octets = line.encode("utf-8", "backslashreplace")
        if len(octets) >= _LONGEST_LINE:
            octets = octets[: _LONGEST_LINE - 4].decode("utf-8", "ignore").encode() + "…".encode()
        written = False
        with contextlib.suppress(OSError):
            ready = self._room.poll(0)
            if ready and ready[0][1] & select.POLLOUT:
                os.write(self._fd, octets + b"\n")
                written = True
        self.dropped += not written

    log = debug = info = warning = error = critical = exception = fatal = msg


def _pretty(colours: bool) -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(
        colors=colours, pad_event_to=22, exception_formatter=structlog.dev.plain_traceback
    )


def _plain_values(_logger: WrappedLogger, _method: str, event: EventDict, *, newline: str) -> EventDict:
    first = {key: event.pop(key) for key in ("timestamp", "level", "event")}
    return {key: _plain(value, newline) for key, value in (first | dict(event)).items()}


def _plain(value: Any, newline: str) -> Any:
    """Escape what could forge a second line or drive a terminal; round what nobody reads.

    A line break becomes ``newline``: itself where the format that follows escapes it.
    """
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, str):
        return _CONTROL.sub(lambda found: newline if found[0] == "\n" else f"\\x{ord(found[0]):02x}", value)
    return value
