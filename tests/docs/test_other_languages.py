"""docs/other-languages.md: its SQL does on a real server what the page says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from delayed_daemon.store.connection import connect
from delayed_daemon.store.migration import migrate
from tests.servers import Database, superuser_url

PAGE = (Path(__file__).parents[2] / "docs" / "other-languages.md").read_text()


def code(heading: str, language: str) -> str:
    """The example under a heading."""
    section = PAGE.partition(f"\n## {heading}")[2].partition("\n## ")[0]
    found = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert found, f"{heading} has an example in {language}"
    return found[1]


@pytest.fixture
def session(database: Database) -> Iterator[psycopg.Connection]:
    with connect(database.url, application_name="test") as connection:
        migrate(connection, database.schema)
    with psycopg.connect(database.url, autocommit=True, options=f"-c search_path={database.schema}") as connection:
        yield connection


def handlers(session: psycopg.Connection) -> list[tuple[object, ...]]:
    return session.execute("SELECT handler, queue, priority FROM delayed_jobs ORDER BY id").fetchall()


def test_the_example_for_psql_enqueues_both_jobs(session: psycopg.Connection) -> None:
    session.execute(code("psql", "sql"))
    assert handlers(session) == [
        (
            '!job:shop.jobs.NewsletterJob {"text": "lorem", "emails": ["a@example.org"], "subject": "News"}',
            "default",
            0,
        ),
        ('!call:shop.tasks.resize {"args": ["a.jpg"], "kwargs": {"width": 300}}', "images", 5),
    ]


@pytest.mark.parametrize(
    ("heading", "language", "arguments"),
    [
        ("Ruby, with pg", "ruby", ["shop.jobs.NewsletterJob", '{"subject": "News"}', "mail", "5"]),
        ("Node, with node-postgres", "js", ["shop.tasks.resize", '{"args": ["a.jpg"]}', "2199-01-01T00:00:00.000Z"]),
    ],
)
def test_the_statements_of_other_languages_take_text_arguments(
    session: psycopg.Connection, heading: str, language: str, arguments: list[str]
) -> None:
    """Both drivers send every argument as text, its type left open."""
    found = re.search(r'sql = "(.*?)"', code(heading, language))
    assert found
    reply = session.pgconn.exec_params(found[1].encode(), [argument.encode() for argument in arguments])
    assert reply.status == psycopg.pq.ExecStatus.TUPLES_OK, reply.error_message
    assert [str(handler).split(" ")[0].split(":")[1] for handler, *_ in handlers(session)] == [arguments[0]]


def test_the_grants_are_all_that_is_needed(server, database: Database, session: psycopg.Connection) -> None:
    role = f"web_{database.schema}"
    grants = code("Rights", "sql").replace("public", database.schema).replace("TO web", f"TO {role}")
    with psycopg.connect(superuser_url(server), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE ROLE {0}; GRANT {0} TO delayed").format(sql.Identifier(role)))
        try:
            session.execute(grants)
            session.execute(f"SET ROLE {role}")
            session.execute(code("psql", "sql"))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                handlers(session)
            session.execute("RESET ROLE")
            assert len(handlers(session)) == 2
        finally:
            admin.execute(f"DROP OWNED BY {role}")
            admin.execute(f"DROP ROLE {role}")


def test_the_page_names_the_parameters_of_the_function(session: psycopg.Connection) -> None:
    row = session.execute(
        "SELECT proargnames FROM pg_proc WHERE oid = 'delayed_enqueue'::regproc AND prosecdef"
    ).fetchone()
    assert row is not None
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == row[0]
