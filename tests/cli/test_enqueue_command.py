from __future__ import annotations

from datetime import UTC, datetime

import pytest


@pytest.fixture
def enqueue(on_database, migrated):
    return lambda *arguments, **variables: on_database("enqueue", "--app", "app", *arguments, **variables)


@pytest.fixture
def rows(database):
    def read(columns: str):
        with database.connect() as connection:
            return connection.execute(f"SELECT {columns} FROM delayed_jobs ORDER BY id").fetchall()

    return read


def test_puts_an_object_into_the_table_and_prints_its_id(enqueue, rows):
    ended = enqueue("app.Newsletter", '{"text": "naïve 😀", "emails": ["a@example.org"]}')
    assert ended.code == 0, ended.err
    ((job_id, handler, queue, priority),) = rows("id, handler, queue, priority")
    assert ended.out == f"{job_id}\n"
    assert (queue, priority) == ("default", 0)
    assert handler.startswith("!job:app.Newsletter ")
    assert '"text": "naïve 😀"' in handler
    assert '"tries": 3' in handler


def test_puts_a_call_into_the_table(enqueue, rows):
    assert enqueue("app.resize", '{"args": ["a.jpg"], "kwargs": {"width": 9}}').code == 0
    assert rows("handler") == [('!call:app.resize {"args": ["a.jpg"], "kwargs": {"width": 9}}',)]


def test_methods_of_classes_and_objects_are_named_by_their_class(enqueue, rows):
    assert enqueue("app.NotAJob.call", '{"args": [1]}').code == 0
    assert enqueue("app.NotAJob.note", '{"self": {}, "args": [1]}').code == 0
    assert rows("handler") == [
        ('!call:app.NotAJob.call {"args": [1]}',),
        ('!call:app.NotAJob.note {"self": {}, "args": [1]}',),
    ]


def test_options_go_before_what_the_job_itself_asks_for(enqueue, rows):
    assert enqueue("app.Patient").code == 0
    assert enqueue("app.Patient", "{}", "--queue", "mail", "--priority", "-3").code == 0
    assert rows("queue, priority") == [("slow", 7), ("mail", -3)]


def test_runs_at_a_time_or_so_long_from_now(enqueue, rows):
    assert enqueue("app.Patient", "--run-at", "2099-01-31T09:00+01:00").code == 0
    assert enqueue("app.Patient", "--run-at", "10m").code == 0
    (absolute, _), (_, relative) = rows("run_at, extract(epoch FROM run_at - created_at)")
    assert absolute == datetime(2099, 1, 31, 8, tzinfo=UTC)
    assert relative == 600


def test_expires_at_a_time_or_so_long_from_now(enqueue, rows):
    assert enqueue("app.Patient", "--expires-at", "2099-01-31T09:00+01:00").code == 0
    assert enqueue("app.Patient", "--expires-at", "10m").code == 0
    (absolute, _), (_, relative) = rows("expires_at, extract(epoch FROM expires_at - created_at)")
    assert absolute == datetime(2099, 1, 31, 8, tzinfo=UTC)
    assert relative == 600
    ended = enqueue("app.Patient", "--run-at", "1h", "--expires-at", "10m")
    assert ended.code == 2
    assert "expires_at: 600 s from now is before run_at, 3600 s from now" in ended.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["app.Newsletter", '{"text": "x"}'], "no value for its field 'emails'"),
        (["app.Newsletter", '{"text": "x", "emails": [], "colour": 1}'], "no field 'colour'"),
        (["app.Newsletter", '{"text": "x", "emails": [], "text": "y"}'], "'text' stands there twice"),
        (["app.Newsletter", '{"text": NaN, "emails": [}'], "not JSON"),
        (["app.Newsletter", "[" * 100_000], "nested too deeply"),
        (["app.Newsletter", "[1]"], "not a JSON object"),
        (["app.Newsletter", '{"text": "\\ud800", "emails": []}'], "can't encode"),
        (["Newsletter", "{}"], "a full name is needed"),
        (["app.Nothing", "{}"], "no such class or function"),
        (["app.NotAJob", "{}"], "no perform method"),
        (["app._private", "{}"], "underscore"),
        (["os.system", '{"args": ["true"]}'], "not trusted: name it with --app"),
        (["app.resize", '{"args": []}'], "missing a required argument: 'path'"),
        (["app.resize", '{"args": ["x"], "colour": 1}'], "args (a list) and kwargs (a mapping), and nothing else"),
        (["app.Patient", "--queue", "a b"], "queue"),
        (["app.Patient", "--priority", "high"], "nothing is named 'high'"),
        (["app.Patient", "--priority", str(2**31)], "priority"),
        (["app.Patient", "--run-at", "2099-01-31T09:00"], "has no time zone"),
        (["app.Patient", "--run-at", "tomorrow"], "neither a time"),
        (["app.Patient", "--run-at", "999999999999999d"], "too long"),
        ([], "Missing argument 'NAME'"),
    ],
)
def test_what_cannot_become_a_job_is_refused_and_nothing_is_enqueued(enqueue, rows, arguments, complaint):
    ended = enqueue(*arguments)
    assert ended.code == 2, ended.err
    assert complaint in ended.err
    assert ended.complaints[0].startswith("delayed-daemon: ")
    assert "Traceback" not in ended.err
    assert ended.out == ""
    assert rows("id") == []


def test_an_application_that_cannot_be_imported_is_exit_code_3(command, place):
    (place / "broken.py").write_text("import nothing_of_that_name\n")
    ended = command("enqueue", "--app", "broken", "broken.Job")
    assert ended.code == 3
    assert "nothing_of_that_name" in ended.err


def test_a_schema_without_tables_points_at_migrate(on_database):
    ended = on_database("enqueue", "--app", "app", "app.Patient")
    assert ended.code == 3
    assert "delayed-daemon migrate" in ended.err


def test_on_the_embedded_server_the_tables_are_created(command, data_dir):
    ended = command("enqueue", "--app", "app", "--data-dir", data_dir, "app.Patient")
    assert (ended.code, ended.out) == (0, "1\n"), ended.err
