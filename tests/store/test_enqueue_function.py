"""``delayed_enqueue``, for other languages: what it writes is read as the value that was given, or it says why not."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from delayed_daemon.errors import DeserializationError
from delayed_daemon.payload import PerformableMethod, Trust, handler, load
from tests.servers import Database, superuser_url
from tests.store.sessions import Claimant, Sessions

HERE = __name__
TRUST = Trust([HERE])
LATER = datetime(2199, 1, 1, tzinfo=UTC)


@dataclass
class Letter:
    text: Any = None

    def perform(self) -> None:
        pass


@dataclass
class Grüße:
    text: Any = None

    def perform(self) -> None:
        pass

    def note(self, text: Any) -> None:
        pass


def resize(*args: Any, **kwargs: Any) -> None:
    pass


class Calls:
    """Calls the function of one schema."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self.connection = sessions.connect()
        self.function = sql.Identifier(sessions.schema, "delayed_enqueue")

    def __call__(self, name: str | None, payload: str | None = "{}", **options: Any) -> int:
        named = sql.SQL("").join(
            sql.SQL(", {} => {}").format(sql.Identifier(key), sql.Placeholder(key)) for key in options
        )
        call = sql.SQL("SELECT {}(%(name)s, %(payload)s{})").format(self.function, named)
        parameters = {"name": name, "payload": payload, **options}
        return self.connection.execute(call, parameters).fetchall()[0][0]

    def written(self, name: str, payload: str, **options: Any) -> str:
        """The handler that is written; the row is not kept."""
        with self.connection.transaction(force_rollback=True):
            id = self(name, payload, **options)
            jobs = sql.Identifier(self.sessions.schema, "delayed_jobs")
            query = sql.SQL("SELECT handler FROM {} WHERE id = %s").format(jobs)
            return self.connection.execute(query, [id]).fetchall()[0][0]


@pytest.fixture
def call(sessions: Sessions) -> Calls:
    return Calls(sessions)


def both_ways(text: str) -> Iterator[Any]:
    """What the loader makes of a handler: as usual, and by the YAML parser alone."""
    yield load(text, TRUST)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handler, "read_fast", lambda _: None)
        yield load(text, TRUST)


def same(read: Any, meant: Any) -> bool:
    """Whether a value that was read is the JSON value that was meant, whose numbers are exact."""
    if type(meant) is Decimal:
        return Decimal(read) == meant if type(read) is int else type(read) is float and read == float(meant)
    if type(meant) is dict:
        return type(read) is dict and read.keys() == meant.keys() and all(same(read[key], meant[key]) for key in meant)
    if type(meant) is list:
        return type(read) is list and len(read) == len(meant) and all(map(same, read, meant))
    return type(read) is type(meant) and read == meant


def exact(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


awkward = st.text("\t\n\r\x01\x1b\x7f\x85\x9f\xa0\u2028\u2029\ufeff\ufffe\uffff\U0001f600\u202e\"\\/'{}[],:#&*!|>%@`- ")
words = st.sampled_from(["", "~", "no", "012", "0x1F", "12:30:45", "2024-01-01", "1e5", ".nan", "<<", "=", "---"])
tags = st.sampled_from(["!job:os.system {}", "!!python/name:os.system", "&a", "*a", "{}", "\\u0041", "\\N", "$1", "%s"])
texts = st.one_of(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), awkward, words, tags)
numbers = st.one_of(
    st.integers().map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(
        ["1e400", "-1e400", "1e-400", "1E5", "1e16", "-0", "-0.0", "0.10", "9" * 4300, "1.5e300", "5e-324"]
    ),
)
leaves = st.one_of(st.sampled_from(["null", "true", "false"]), numbers, texts.map(json.dumps))


def _object(pairs: dict[str, str]) -> str:
    return "{" + ",".join(f"{json.dumps(key)} :{value}" for key, value in pairs.items()) + "}"


documents = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5).map(lambda items: "[" + ",  ".join(items) + "]"),
        st.dictionaries(texts, inner, max_size=5).map(_object),
    ),
    max_leaves=20,
)


@settings(deadline=None, database=None, max_examples=300, suppress_health_check=list(HealthCheck))
@given(document=documents)
def test_the_loader_reads_the_value_that_was_given(call: Calls, document: str) -> None:
    text = call.written(f"{HERE}.Letter", f'{{"text": {document}}}')
    for read in both_ways(text):
        assert type(read) is Letter
        assert same(read.text, exact(document)), text


@settings(deadline=None, database=None, max_examples=50, suppress_health_check=list(HealthCheck))
@given(args=st.lists(documents, max_size=3), kwargs=st.dictionaries(texts, documents, max_size=3))
def test_calls_are_read_with_their_arguments(call: Calls, args: list[str], kwargs: dict[str, str]) -> None:
    payload = f'{{"args": [{",".join(args)}], "kwargs": {_object(kwargs)}}}'
    for read in both_ways(call.written(f"{HERE}.resize", payload, kind="call")):
        assert type(read) is PerformableMethod
        assert (read.receiver, read.method) == (resize, None)
        assert same(list(read.args), exact(f"[{','.join(args)}]"))
        assert same(read.kwargs, exact(_object(kwargs)))


def test_methods_and_names_beyond_ascii_are_found(call: Calls) -> None:
    for read in both_ways(call.written(f"{HERE}.Grüße", '{"text": "ß"}')):
        assert read == Grüße("ß")
    payload = '{"self": {"text": 1}, "args": [2]}'
    for read in both_ways(call.written(f"{HERE}.Grüße.note", payload, kind="call")):
        assert read == PerformableMethod(Grüße(1), "note", (2,))


def test_a_handler_is_as_the_client_writes_it(call: Calls) -> None:
    assert (
        call.written("shop.Mail", '{"b":[1,{"c":null}],"a":"x"}') == '!job:shop.Mail {"a": "x", "b": [1, {"c": null}]}'
    )
    assert call.written("shop.clean", "{}", kind="call") == "!call:shop.clean {}"


def test_options_reach_the_row_and_defaults_are_those_of_the_table(sessions: Sessions, call: Calls) -> None:
    given = sessions.row(call("shop.Mail", priority=-3, run_at=LATER, queue="mail", expires_at=LATER + timedelta(1)))
    assert (given.priority, given.run_at, given.queue) == (-3, LATER, "mail")
    assert given.expires_at == LATER + timedelta(1)
    for nothing in ({}, {"priority": None, "run_at": None, "queue": None, "expires_at": None, "kind": None}):
        row = sessions.row(call("shop.Mail", **nothing))
        assert (row.priority, row.queue, row.expires_at, row.run_at) == (0, "default", None, row.created_at)


def test_it_joins_the_transaction_and_the_job_is_claimed_like_any_other(sessions: Sessions, call: Calls) -> None:
    with call.connection.transaction(force_rollback=True):
        call("shop.Mail")
    assert sessions.ids() == []
    id = call("shop.Mail")
    assert [job.id for job in Claimant(sessions.queue).claim()] == [id]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"name": None}, "name: NULL is no full name"),
        ({"name": ""}, "name: '' is no full name"),
        ({"name": "Mail"}, "name: 'Mail' is no full name of a class or function, like shop.jobs"),
        ({"name": "shop.Mail {}"}, "name: "),
        ({"name": "shop.Mail\n"}, "name: "),
        ({"name": "shop..Mail"}, "name: "),
        ({"name": "shop.1"}, "name: "),
        ({"name": "shop.%41"}, "name: "),
        ({"name": "shop.a\u2028b"}, "name: "),
        ({"name": "shop.a\u3000b"}, "name: "),
        ({"name": "shop." + "a" * 800}, "name: 805 characters"),
        ({"kind": "task"}, "kind: 'task' is neither 'job' nor 'call'"),
        ({"priority": 2**31}, "priority: 2147483648 is not a whole number of 32 bits"),
        ({"queue": "a b"}, "queue: 'a b' is not 1 to 100"),
        ({"queue": ""}, "queue: "),
        ({"queue": "a,b"}, "queue: "),
        ({"queue": "q" * 101}, "queue: "),
        ({"run_at": "infinity"}, "run_at: infinity is not a moment"),
        ({"expires_at": "-infinity"}, "expires_at: -infinity is not a moment"),
        ({"expires_at": LATER, "run_at": LATER + timedelta(1)}, "expires_at: 2199-.* is before run_at, 2199-"),
        ({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, "expires_at: 2020-.* is before run_at"),
        ({"payload": None}, "payload: a JSON object is needed, not NULL"),
        ({"payload": "[]"}, "payload: a JSON object is needed, not array"),
        ({"payload": "null"}, "payload: a JSON object is needed, not null"),
        ({"payload": '{"x": 1}', "kind": "call"}, "payload: a call has self, args and kwargs, and nothing else"),
        ({"payload": '{"args": {}}', "kind": "call"}, "payload: args is an array, not object"),
        ({"payload": '{"kwargs": []}', "kind": "call"}, "payload: kwargs is an object, not array"),
        ({"payload": '{"self": null}', "kind": "call"}, "payload: self is an object, the state, not null"),
        ({"payload": '{"a": "' + "x" * 2**20 + '"}'}, r"payload: 10486\d\d bytes are more than the 1048576"),
        ({"payload": '{"a": ' + "[" * 64 + "]" * 64 + "}"}, "payload: it is nested deeper than 64 levels"),
        ({"payload": '{"' + "k" * 899 + '": 1}'}, "payload: it has a key that is too long"),
        ({"payload": '{"a": [{"' + "\u2028" * 150 + '": 1}]}'}, "payload: it has a key that is too long"),
        ({"payload": '{"a": ' + "9" * 4301 + "}"}, "payload: an integer of more than 4300 digits"),
        ({"payload": '{"a": [' + "1," * 100_000 + "1]}"}, "payload: it holds more than 100000 values"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_nothing_is_enqueued(
    sessions: Sessions, call: Calls, arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=said) as raised:
        call(**{"name": "shop.Mail", **arguments})
    assert re.match(said, raised.value.diag.message_primary or "")
    assert sessions.ids() == []


@pytest.mark.parametrize(
    "document",
    [
        "[" * 63 + "]" * 63,
        "[" * 63 + '"\\\\ [[[["' + "]" * 63,
        json.dumps({"k" * 898: 1}),
        "9" * 4300,
        "0." + "1" * 5000,
        json.dumps("9" * 5000),
        "[" + "1," * 99_000 + "1]",
        json.dumps(["x" * 2000] * 400),
    ],
)
def test_what_is_just_within_the_limits_is_read(call: Calls, document: str) -> None:
    text = call.written(f"{HERE}.Letter", f'{{"text": {document}}}')
    for read in both_ways(text):
        assert same(read.text, exact(document))


@contextmanager
def _role(server: Any, database: Database) -> Iterator[str]:
    role = f"enqueuer_{database.schema}"
    with psycopg.connect(superuser_url(server), autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {role}")
        admin.execute(f"GRANT {role} TO delayed")
        try:
            yield role
        finally:
            admin.execute(f"DROP OWNED BY {role}")
            admin.execute(f"DROP ROLE {role}")


def test_a_role_with_execute_alone_can_enqueue_and_nothing_else(server, database, sessions, call: Calls) -> None:
    with _role(server, database) as role:
        sessions.run(f"GRANT USAGE ON SCHEMA {{schema}} TO {role}")
        call.connection.execute(f"SET ROLE {role}", prepare=False)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="delayed_enqueue"):
            call("shop.Mail")
        signature = "text, jsonb, bigint, timestamptz, text, timestamptz, text"
        sessions.run(f"GRANT EXECUTE ON FUNCTION {{schema}}.delayed_enqueue({signature}) TO {role}")
        id = call("shop.Mail", queue="mail")
        for forbidden in (
            "SELECT * FROM {}", "INSERT INTO {} (handler) VALUES ('x')", "DELETE FROM {}", "UPDATE {} SET priority = 1",
        ):  # fmt: skip
            statement = sql.SQL(forbidden).format(sql.Identifier(sessions.schema, "delayed_jobs"))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                call.connection.execute(statement, prepare=False)
        call.connection.execute("RESET ROLE", prepare=False)
        assert sessions.ids() == [id]


def test_objects_of_the_caller_s_are_not_taken_for_those_of_the_system(server, database, sessions, call) -> None:
    """Whoever may create in a schema of the search_path could else have the owner run a function of theirs."""
    with call.connection.transaction(force_rollback=True):
        for statement in (
            "CREATE FUNCTION pg_temp.format(text, VARIADIC \"any\") RETURNS text LANGUAGE internal AS 'pg_backend_pid'",
            "CREATE TEMP TABLE delayed_jobs (LIKE pg_class)",
        ):
            try:
                with call.connection.transaction():
                    call.connection.execute(statement, prepare=False)
            except psycopg.Error:
                continue
        call.connection.execute("SET LOCAL search_path = pg_temp, public", prepare=False)
        assert call("shop.Mail") > 0


def test_it_notifies_once_for_each_kind_when_the_transaction_ends(sessions: Sessions, call: Calls) -> None:
    listener = sessions.connect()
    listener.execute("LISTEN delayed_jobs")
    with call.connection.transaction():
        for _ in range(3):
            call("shop.Mail", queue="mail", priority=2)
        call("shop.Mail")
    sessions.run("NOTIFY delayed_jobs, 'end'")
    heard = []
    for notify in listener.notifies(timeout=30):
        if notify.payload == "end":
            break
        if notify.payload.startswith(sessions.schema):
            heard.append(notify.payload)
    assert heard == [f"{sessions.schema} mail 2", f"{sessions.schema} default 0"]


def test_a_number_too_long_to_read_would_be_refused_by_the_loader(call: Calls) -> None:
    """The limit above is the loader's own."""
    with pytest.raises(DeserializationError):
        load(f'!job:{HERE}.Letter {{"text": {"9" * 4301}}}', TRUST)
    assert sys.modules[HERE].Letter is Letter
