"""A connection that never waits for ever, and whose plans do not depend on what a DBA has set."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from time import monotonic
from typing import Any, LiteralString

import psycopg
from psycopg.abc import RV, Buffer, PQGen
from psycopg.adapt import Loader
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq.abc import PGconn
from psycopg.rows import TupleRow, tuple_row
from psycopg.types.numeric import Int8Dumper

from delayed_daemon.errors import ConfigurationError
from delayed_daemon.store.statements import session_statement

_KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


class AnswerOverdue(psycopg.OperationalError):
    """The server gave no answer within the deadline. The connection is gone; the statement may yet commit."""


class ReadOnlyServer(psycopg.OperationalError):
    """The server that was reached cannot be written to: a standby, or a primary that became one."""


class Impatient:
    """Gives up on a statement after ``deadline_seconds`` without an answer.

    Keepalives do not see a peer that is stalled and yet acknowledges, so the client keeps time itself.
    """

    deadline_seconds: float = 30.0
    pgconn: PGconn

    def _answered_in_time(self, gen: PQGen[RV]) -> PQGen[RV]:
        deadline = monotonic() + self.deadline_seconds
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and monotonic() >= deadline:
                    self._abandon(gen)
                    raise AnswerOverdue(f"no answer from the database within {self.deadline_seconds:g} s")
                wanted = gen.send(ready)
        except StopIteration as end:
            result: RV = end.value
            return result

    def _abandon(self, gen: PQGen[RV]) -> None:
        # Finishing first: it sends what fits into the socket's buffer and never waits, and what the
        # generator does on its way out then fails at once instead of asking the server something.
        self.pgconn.finish()
        with suppress(psycopg.Error, RuntimeError, StopIteration):
            gen.throw(AnswerOverdue("abandoned"))


class Connection(Impatient, psycopg.Connection[TupleRow]):
    """A psycopg connection that gives up on a statement after ``deadline_seconds`` without an answer."""

    def wait(self, gen: PQGen[RV], *args: Any, **kwargs: Any) -> RV:
        if kwargs.get("timeout") is None:
            gen = self._answered_in_time(gen)
        return super().wait(gen, *args, **kwargs)


class _LenientTextLoader(Loader):
    """Reads what is no UTF-8 with replacement characters."""

    def load(self, data: Buffer) -> str:
        return bytes(data).decode("utf-8", "replace")


def connect(
    url: str, *, application_name: str, deadline_seconds: float = 30.0, connect_timeout: int = 10
) -> Connection:
    """Connect in autocommit mode, every statement prepared, with the session settings of ``session.sql``.

    What the URL itself says about keepalives, encryption or the kind of server wanted stands.
    ``connect_timeout`` is in seconds, for each host. Raises `ConfigurationError` for a URL that cannot be
    read, `ReadOnlyServer`, `AnswerOverdue`, `psycopg.OperationalError`. No message contains the URL.
    """
    conninfo = conninfo_for(url, application_name, connect_timeout)
    connection = Connection.connect(conninfo, autocommit=True, prepare_threshold=0, row_factory=tuple_row)
    connection.deadline_seconds = deadline_seconds
    try:
        row = connection.execute(session_statement(), prepare=False).fetchone()
        if (further := settle_in(connection, row)) is not None:
            connection.execute(further, prepare=False)
    except BaseException:
        connection.close()
        raise
    return connection


def conninfo_for(url: str, application_name: str, connect_timeout: int) -> str:
    """The connection string: what the URL says stands, the rest is ours. `ConfigurationError` as `parameters_of`."""
    given = parameters_of(url)
    chosen = {"connect_timeout": connect_timeout, **_defaults(given), **given}
    return make_conninfo(**{**chosen, "application_name": application_name, "client_encoding": "UTF8"})


def parameters_of(url: str) -> dict[str, Any]:
    """The parameters in a URL or connection string; `ConfigurationError`, without its text, when there are none."""
    try:
        parameters = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise ConfigurationError("the database URL is not a PostgreSQL URL or connection string") from None
    if "@" in str(parameters.get("host") or ""):
        raise ConfigurationError('the host in the database URL contains "@": write an "@" in the password as %40')
    if any(port and not port.isdecimal() for port in str(parameters.get("port") or "").split(",")):
        raise ConfigurationError('the port in the database URL is no number: write a "/" in the password as %2F')
    return parameters


def _defaults(given: dict[str, Any]) -> dict[str, Any]:
    defaults: dict[str, Any] = dict(_KEEPALIVE)
    several = "," in str(given.get("host") or given.get("hostaddr") or "")
    if several and "PGTARGETSESSIONATTRS" not in os.environ:
        defaults["target_session_attrs"] = "read-write"
    if sys.platform == "darwin":
        # libpq's GSS path crashes in forked children there.
        defaults["gssencmode"] = "disable"
    return defaults


def settle_in(
    connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any], row: TupleRow | None
) -> LiteralString | None:
    """``row`` is what the new session answered to ``session.sql``. What is to be sent yet, if anything.

    Raises `ReadOnlyServer`.
    """
    read_only, in_recovery, _ = row or (False, False, 0)
    if in_recovery:
        raise ReadOnlyServer("the database server is a standby: it cannot be written to")
    if read_only:
        raise ReadOnlyServer("the database server takes no writes: default_transaction_read_only is on")
    # Whatever its size, a number has one type on the wire, and each statement is prepared once.
    connection.adapters.register_dumper(int, Int8Dumper)
    if connection.info.parameter_status("server_encoding") != "SQL_ASCII":
        return None
    # This database does not know its encoding. Asked for UTF-8, the server would refuse to send a row with
    # one bad byte, and so fail every claim that comes upon it.
    connection.adapters.register_loader("text", _LenientTextLoader)
    return "SELECT set_config('client_encoding', 'SQL_ASCII', false)"
