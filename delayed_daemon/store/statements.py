"""The statements of one schema: ``sql/*.sql``, formatted once.

Placeholders in the files: ``{jobs}``, ``{daemons}`` and ``{migrations}`` are the tables, ``{jobs_name}`` is the
name of the first as a text, ``{schema}`` and ``{schema_name}`` are the schema and its name, ``{waiting}``, ``{state}``,
``{chosen}`` and the names of the states are the fragments of `states`. Parameters are psycopg's ``%(name)s``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from psycopg import sql

from delayed_daemon.store.states import CHOSEN, STATE, STATES, WAITING

_FRAGMENTS = {"waiting": WAITING, "state": STATE, "chosen": CHOSEN, **STATES}


@cache
def statements(schema: str) -> Mapping[str, bytes]:
    """Every statement by the name of its file, for the tables of this schema."""
    folder = files(__package__) / "sql"
    texts = {entry.name.removesuffix(".sql"): entry.read_text("utf-8") for entry in folder.iterdir()}
    return MappingProxyType({name: formatted(_bare(text), schema).encode() for name, text in texts.items()})


@cache
def session_statement() -> bytes:
    """What a new connection sends first: the one statement that is about no schema."""
    return statements("public")["session"]


def formatted(text: str, schema: str, **more: sql.Composable) -> str:
    """The text of a file with its placeholders filled."""
    fragments = {name: sql.SQL(text) for name, text in _FRAGMENTS.items()}
    names: dict[str, sql.Composable] = {
        "schema": sql.Identifier(schema),
        "schema_name": sql.Literal(schema),
        "jobs": sql.Identifier(schema, "delayed_jobs"),
        "jobs_name": sql.Literal(sql.Identifier(schema, "delayed_jobs").as_string(None)),
        "daemons": sql.Identifier(schema, "delayed_daemons"),
        "migrations": sql.Identifier(schema, "delayed_migrations"),
    }
    return sql.SQL(text).format(**names, **fragments, **more).as_string(None)


def _bare(text: str) -> str:
    # psycopg remembers the conversion of texts below 4096 bytes only, so the comments stay here.
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--")).strip()
