from __future__ import annotations

from importlib.resources import files

import pytest

from delayed_daemon.store.migration import migrations
from delayed_daemon.store.statements import statements
from delayed_daemon.store.states import WAITING

_FILES = sorted((files("delayed_daemon.store") / "sql").iterdir(), key=lambda file: file.name)


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.name)
def test_a_statement_says_what_it_does_and_which_index_serves_it(file):
    header = [line for line in file.read_text("utf-8").splitlines() if line.startswith("--")]
    assert header
    assert file.name == "session.sql" or "Index:" in "".join(header)


@pytest.mark.parametrize("name", [file.name.removesuffix(".sql") for file in _FILES])
def test_a_statement_is_short_enough_for_psycopg_to_remember_its_conversion(name):
    assert len(statements("a_schema_name_of_the_longest_length_that_postgresql_allows_63_1")[name]) < 4000


def test_every_statement_names_the_schema_of_its_tables():
    for name, statement in statements("my_schema").items():
        tables = statement.count(b'"delayed_')
        assert tables == statement.count(b'"my_schema"."delayed_'), name
        assert tables or name in ("session", "migrated")


def test_the_index_of_ready_jobs_has_the_predicate_of_the_claim():
    predicate = WAITING.replace("j.", "")
    assert f"WHERE {predicate};" in migrations()[0].text
