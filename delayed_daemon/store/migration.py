"""Schema changes: numbered SQL files, each applied once, in order, under a lock."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib.resources import files

import psycopg
from psycopg import sql as composing

from delayed_daemon.backoff import Backoff
from delayed_daemon.errors import SchemaMissing, SchemaTooNew
from delayed_daemon.store.connection import Connection
from delayed_daemon.store.statements import formatted, statements

_PATIENCE_SECONDS = 60.0
_FILE = re.compile(r"(\d{4})_(\w+)\.sql")
_PREAMBLE = """\
-- The tables of delayed-daemon in the schema {schema}: makes what is missing, can be run again.
-- psql --set ON_ERROR_STOP=1 --file THIS_FILE

BEGIN;
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered schema change; ``text`` still has its placeholders."""

    version: int
    name: str
    text: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.version:04} {self.name}"


@cache
def migrations() -> tuple[Migration, ...]:
    """Every schema change that this version knows, in order."""
    folder = files(__package__) / "migrations"
    found = [(match, entry) for entry in folder.iterdir() if (match := _FILE.fullmatch(entry.name))]
    known = [Migration(int(match[1]), match[2], entry.read_text("utf-8")) for match, entry in found]
    return tuple(sorted(known, key=lambda migration: migration.version))


def migrate(connection: Connection, schema: str, patience_seconds: float = _PATIENCE_SECONDS) -> list[Migration]:
    """Bring the schema up to date, making it where it is missing; returns what was applied here.

    Each change is a transaction. It waits 5 s for a lock, so that others do not queue behind it for long, and
    is tried again for ``patience_seconds``; then `psycopg.errors.LockNotAvailable`. Raises `SchemaTooNew`.
    """
    return [change for change in pending(connection, schema) if _apply(connection, schema, change, patience_seconds)]


def pending(connection: Connection, schema: str) -> list[Migration]:
    """What `migrate` would apply. Raises `SchemaTooNew`."""
    version = _version(connection, schema)
    if version > migrations()[-1].version:
        raise SchemaTooNew(
            f'the tables in the schema "{schema}" are at version {version}, this delayed-daemon knows '
            f"{migrations()[-1].version}: install the newer one"
        )
    return [migration for migration in migrations() if migration.version > version]


def check(connection: Connection, schema: str) -> None:
    """Raises `SchemaMissing` unless the tables are there and up to date, `SchemaTooNew` if they are newer."""
    missing = pending(connection, schema)
    if len(missing) == len(migrations()):
        raise tables_missing(schema)
    if missing:
        names = ", ".join(map(str, missing))
        raise SchemaMissing(f'the tables in the schema "{schema}" lack {names}: run "delayed-daemon migrate"')


def tables_missing(schema: str) -> SchemaMissing:
    """The error to raise where a schema has none of the tables."""
    return SchemaMissing(f'the schema "{schema}" has no tables of delayed-daemon: run "delayed-daemon migrate"')


def sql(schema: str) -> str:
    """All of it as a script for psql: one transaction that applies what is not there yet."""
    parts = [formatted(_PREAMBLE, schema), _beginning(schema)]
    parts += [_application(schema, migration) for migration in migrations()]
    return "".join([*parts, "\nCOMMIT;\n"])


def _apply(connection: Connection, schema: str, migration: Migration, patience_seconds: float) -> bool:
    waits = Backoff(0.1, 2.0)
    give_up_at = time.monotonic() + patience_seconds
    while True:
        try:
            return _apply_once(connection, schema, migration)
        except psycopg.errors.LockNotAvailable:
            wait = waits.next()
            if time.monotonic() + wait >= give_up_at:
                raise
            time.sleep(wait)


def _apply_once(connection: Connection, schema: str, migration: Migration) -> bool:
    with connection.transaction():
        connection.execute(_beginning(schema).encode(), prepare=False)
        if _version(connection, schema) >= migration.version:
            return False
        connection.execute(_application(schema, migration).encode(), prepare=False)
        return True


def _version(connection: Connection, schema: str) -> int:
    texts = statements(schema)
    if not connection.execute(texts["migrated"], {"schema": schema}).fetchall()[0][0]:
        return 0
    return int(connection.execute(texts["schema_version"]).fetchall()[0][0])


def _beginning(schema: str) -> str:
    digest = sha256(f"delayed-daemon {schema}".encode()).digest()
    key = composing.Literal(int.from_bytes(digest[:8], signed=True))
    return formatted(_template("begin"), schema, lock_key=key)


def _application(schema: str, migration: Migration) -> str:
    parts = {
        "body": composing.SQL(formatted(migration.text, schema)),
        "version": composing.Literal(migration.version),
        "name": composing.Literal(migration.name),
    }
    return formatted(_template("apply"), schema, **parts)


@cache
def _template(name: str) -> str:
    return (files(__package__) / "migrations" / f"{name}.sql").read_text("utf-8")
