from __future__ import annotations

import psycopg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from delayed_daemon.settings import redact
from delayed_daemon.settings.conninfo import misfit

GOOD = [
    "postgresql://",
    "postgres://db/shop",
    "postgresql://shop@db/shop",
    "postgresql://shop:p%40ss%2Fword@db:5432/shop?sslmode=require&connect_timeout=10",
    "postgresql://a:b@h1:5432,h2:5433,[::1]:5434/shop?target_session_attrs=read-write",
    "postgresql:///shop?host=/run/my%20sockets&port=5433",
    "postgresql://%2Frun%2Fpostgresql/shop",
    "host=db dbname=shop password='it\\'s'",
    "host = db  dbname= shop",
    "service=shop",
    "password='' host=db",
    "host=db\n  dbname=shop\n",
]


@pytest.mark.parametrize("text", GOOD)
def test_what_libpq_understands_is_not_refused(text):
    assert misfit(text) is None
    conninfo_to_dict(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("mysql://root@db/shop", "starts with mysql://"),
        ("sqlite:///shop.db", "starts with sqlite://"),
        ("postgresql+psycopg://db/shop", "leave out what follows the +"),
        ("shop", "neither a URL"),
        ("postgresql://a b@db/x", "white space"),
        ("postgresql://a:100%@db/x", "%25"),
        ("postgresql://a:x%00@db/x", "%25"),
        ("postgresql://a:b/c@db/x", "no valid host and port"),
        ("postgresql://a:b@c@db/x", "no valid host and port"),
        ("postgresql://db:0/x", "no valid host and port"),
        ("postgresql://db:65536/x", "no valid host and port"),
        ("postgresql://db/x?sslmode", "name=value"),
        ("postgresql://db/x?a=b=c", "name=value"),
        ("host=db dbname", "list of name=value"),
        ("host=db password='x", "list of name=value"),
    ],
)
def test_what_is_wrong_is_said_without_quoting_the_address(text, problem):
    assert problem in (misfit(text) or "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://shop:hunter2@db/shop", "postgresql://shop:***@db/shop"),
        ("postgresql://shop@db:5432/shop", "postgresql://shop@db:5432/shop"),
        ("postgresql://db:5432/shop", "postgresql://db:5432/shop"),
        ("postgresql://db/shop?sslmode=require&password=hunter2", "postgresql://db/shop?sslmode=require&password=***"),
        ("postgresql://db/shop?pass%77ord=hunter2", "postgresql://db/shop?pass%77ord=***"),
        ("postgresql://db/shop?sslpassword=hunter2&user=a@b", "postgresql://db/shop?sslpassword=***&user=a@b"),
        ("postgresql://u:hun@ter2/x@db/shop", "postgresql://u:***@db/shop"),
        ("postgresql://u:hunter2?x@db/shop", "postgresql://u:***"),
        ("host=db password=hunter2 user=shop", "host=db password=*** user=shop"),
        ("host=db password = 'hunter2 x\\'y' user=shop", "host=db password = *** user=shop"),
        ("host=db PASSWORD=hunter2", "host=db PASSWORD=***"),
        ("host=db password='hunter2", "***"),
        ("hunter2", "***"),
    ],
)
def test_passwords_are_hidden_and_the_rest_is_shown(text, shown):
    assert redact(text) == shown


SECRET = "hunter2secret"


@given(before=st.text(max_size=8), after=st.text(max_size=8))
@example("a@", "?b@c")
@example("?", "/@")
def test_no_raw_character_in_a_password_lets_it_through(before, after):
    password = before + SECRET + after
    assert SECRET not in redact(f"postgresql://shop:{password}@db:5432/shop?sslmode=require")
    assert SECRET not in redact(make_conninfo(host="db", password=password.replace("\0", "")))


@given(st.text(max_size=30), st.sampled_from(["postgresql://", "host=", ""]))
def test_any_text_at_all_is_judged_and_redacted_without_an_error(text, start):
    misfit(start + text)
    redact(start + text)


@given(
    st.dictionaries(st.sampled_from(["host", "dbname", "user", "password", "port"]), st.text(max_size=12), min_size=1)
)
def test_every_address_that_psycopg_writes_is_accepted(parameters):
    try:
        text = make_conninfo(**{name: value.replace("\0", "") for name, value in parameters.items()})
    except (psycopg.ProgrammingError, UnicodeError):
        return
    assert misfit(text) is None
