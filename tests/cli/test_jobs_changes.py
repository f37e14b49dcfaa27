from __future__ import annotations

import json

import pytest

from delayed_daemon.cli.jobs.group import JOBS_COMMANDS, jobs


@pytest.fixture
def insert(migrated):
    def job(**columns: str) -> int:
        names, values = ", ".join(["handler", *columns]), ", ".join(["%s", *columns.values()])
        with migrated.connect() as connection:
            statement = f"INSERT INTO delayed_jobs ({names}) VALUES ({values}) RETURNING id"
            return connection.execute(statement, ['!job:shop.Mail {"to": "a"}']).fetchone()[0]

    return job


@pytest.mark.parametrize("section", JOBS_COMMANDS)
def test_the_list_of_commands_says_what_each_says_of_itself(section):
    for name, sentence in JOBS_COMMANDS[section].items():
        command = jobs.get_command(None, name)
        assert (command.name, command.help.splitlines()[0]) == (name, sentence)


@pytest.mark.parametrize("verb", [["retry"], ["cancel"], ["delete"], ["release"], ["reschedule", "--run-at", "1h"]])
def test_nothing_is_changed_without_a_selection_or_a_person_to_ask(on_database, insert, verb):
    insert(failed_at="now()")
    nothing = on_database("jobs", *verb, "--yes")
    assert (nothing.code, "say which jobs" in nothing.err) == (2, True)
    nobody = on_database("jobs", *verb, "--all")
    assert (nobody.code, "add --yes" in nobody.err) == (2, True)


def test_named_jobs_are_changed_and_the_others_are_accounted_for(on_database, insert):
    failed, ready = insert(failed_at="now()"), insert()
    ended = on_database("jobs", "retry", failed, ready, 4711, "--yes")
    assert ended.code == 1
    assert ended.out == "Retry: 1 job.\n"
    assert f"job {ready} is ready, not failed" in ended.err
    assert "there is no job 4711" in ended.err


def test_a_selection_of_failed_jobs_is_deleted_and_waiting_ones_only_when_asked_for(on_database, insert):
    failed, ready, locked = insert(failed_at="now()"), insert(), insert(locked_by="'host:1'")
    assert json.loads(on_database("jobs", "delete", "--name", "shop", "--yes", "--json").out)["jobs"] == [failed]
    assert json.loads(on_database("jobs", "delete", "--state", "ready", "--yes", "--json").out)["jobs"] == [ready]
    refused = on_database("jobs", "delete", "--state", "locked", "--yes")
    assert refused.code == 2
    assert on_database("jobs", "list", locked).code == 0


def test_show_says_everything_and_nothing_that_moves_the_cursor(on_database, insert):
    id = insert(last_error="E'\\x1b[2Jbad'", errors="""'[{"attempt": 1, "at": "then", "error": "why"}]'""")
    ended = on_database("jobs", "show", id)
    assert ended.code == 0
    assert "\x1b" not in ended.out
    for text in ("shop.Mail", '"to": "a"', "at then, attempt 1", "why", "\\x1b[2Jbad"):
        assert text in ended.out
    assert json.loads(on_database("jobs", "show", id, "--json").out)["state"] == "ready"
    assert on_database("jobs", "show", 4711).code == 1
