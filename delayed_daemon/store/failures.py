"""What an error of the database asks for: a new connection, patience, a person, or another row."""

from __future__ import annotations

import re
from enum import Enum, auto

import psycopg

from delayed_daemon.errors import ConfigurationError
from delayed_daemon.store.connection import connect


class Remedy(Enum):
    """What to do about an error.

    ``RECONNECT``: drop the connection, connect again (with backoff), reconcile: the statement may have committed.
    ``RETRY``: the same statement again, after a pause. ``BAD_ROW``: these values, or this row, cannot be
    written; others can. ``PERMANENT``: somebody must act (a missing table, a missing right); until then,
    the same with long pauses.
    """

    RECONNECT = auto()
    RETRY = auto()
    BAD_ROW = auto()
    PERMANENT = auto()


# SQLSTATEs by their longest known beginning. 26 and 0A: prepared statements that are gone, or were
# prepared before the table changed. XX and 58: the server's own trouble.
_BY_SQLSTATE = {
    "08": Remedy.RECONNECT,
    "57P": Remedy.RECONNECT,
    "25006": Remedy.RECONNECT,
    "25P03": Remedy.RECONNECT,
    "25P04": Remedy.RECONNECT,
    "26": Remedy.RECONNECT,
    "0A": Remedy.RECONNECT,
    "40": Remedy.RETRY,
    "53": Remedy.RETRY,
    "55": Remedy.RETRY,
    "57": Remedy.RETRY,
    "58": Remedy.RETRY,
    "XX": Remedy.RETRY,
    "22": Remedy.BAD_ROW,
    "23": Remedy.BAD_ROW,
    "44": Remedy.BAD_ROW,
    "54": Remedy.BAD_ROW,
    "P0": Remedy.BAD_ROW,
    "09": Remedy.BAD_ROW,
}

_USER = "check the user and the password in the database URL"
_HBA = "let this host and user in by the server's pg_hba.conf"
_CA = "check sslrootcert in the database URL"
_REFUSALS = (
    (r'\w+ authentication failed for user "[^"]*"', _USER),
    (r"no password supplied", "the database URL needs one"),
    (r'(?:role|user) "[^"]*" does not exist', "create it, or name another user in the database URL"),
    (r'role "[^"]*" is not permitted to log in', "give it the right (ALTER ROLE … LOGIN)"),
    (r'database "[^"]*" does not exist', "create it (createdb), or name another one in the database URL"),
    (r'permission denied for database "[^"]*"', "grant CONNECT on it to the user in the database URL"),
    (r"no pg_hba\.conf entry for [^\n]*", _HBA),
    (r"pg_hba\.conf rejects connection for [^\n]*", _HBA),
    (r"server does not support SSL[^\n]*", "change sslmode in the database URL, or switch on the server's SSL"),
    (r'invalid \w+ value: "[^"]*"', "correct it in the database URL"),
    (r"certificate verify failed", _CA),
    (r'root certificate file "[^"]*" does not exist', _CA),
)


def classify(error: BaseException) -> Remedy:
    """The remedy for an error that a statement of the store raised."""
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate:
        return _remedy_for(sqlstate)
    if isinstance(error, psycopg.DataError | psycopg.IntegrityError | UnicodeError):
        return Remedy.BAD_ROW
    if isinstance(error, psycopg.errors.PipelineAborted):
        return Remedy.RETRY
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError | OSError):
        return Remedy.RECONNECT
    return Remedy.PERMANENT


def why_unreachable(url: str) -> str | None:
    """Why no amount of waiting will open this database, as a sentence without secrets; None if it may.

    A server that is down, starting, or full is worth waiting for; a wrong password or a missing database
    is not. Connects once.
    """
    try:
        connect(url, application_name="delayed-daemon check", deadline_seconds=10.0).close()
    except ConfigurationError as error:
        return str(error)
    except psycopg.Error as error:
        return why_refused(error)
    return None


def why_refused(error: psycopg.Error) -> str | None:
    """As `why_unreachable`, from the error that connecting raised.

    psycopg gives no SQLSTATE then, so the text decides; of several hosts all must have refused for good.
    """
    attempts = str(error).split("\n- host")[1:] or [str(error)]
    reasons = [_refusal_in(attempt) for attempt in attempts]
    return reasons[0] if all(reasons) else None


def _refusal_in(text: str) -> str | None:
    for pattern, advice in _REFUSALS:
        if found := re.search(pattern, text, re.IGNORECASE):
            return f"the database refuses the connection: {found[0]}; {advice}"
    return None


def _remedy_for(sqlstate: str) -> Remedy:
    for length in (5, 3, 2):
        if remedy := _BY_SQLSTATE.get(sqlstate[:length]):
            return remedy
    return Remedy.PERMANENT
