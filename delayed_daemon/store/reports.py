"""Writing an error's text to a row, whatever is in that text."""

from __future__ import annotations

from typing import Any

import psycopg

from delayed_daemon.outcome import ErrorReport
from delayed_daemon.store.connection import Connection
from delayed_daemon.store.failures import Remedy, classify

_UNWRITABLE = "the text of the error could not be stored"
UNWRITABLE_REPORT = ErrorReport(_UNWRITABLE, _UNWRITABLE)


def write_report(connection: Connection, statement: bytes, parameters: dict[str, Any], report: ErrorReport) -> bool:
    """Execute a fenced statement with ``error`` and ``summary``; once more, with constant text, if they are refused.

    Returns whether a row was touched: False means that the claim was lost.
    """
    try:
        return _write(connection, statement, parameters, report)
    except (psycopg.Error, UnicodeError) as error:
        if classify(error) is not Remedy.BAD_ROW:
            raise
    return _write(connection, statement, parameters, UNWRITABLE_REPORT)


def _write(connection: Connection, statement: bytes, parameters: dict[str, Any], report: ErrorReport) -> bool:
    texts = {"error": report.text, "summary": report.summary}
    return connection.execute(statement, {**parameters, **texts}).rowcount == 1
