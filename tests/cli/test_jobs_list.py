from __future__ import annotations

import json

import pytest


@pytest.fixture
def insert(migrated):
    def job(handler: str = "!job:shop.Mail {}", **columns: str) -> int:
        names = ", ".join(["handler", *columns])
        values = ", ".join(["%s", *columns.values()])
        with migrated.connect() as connection:
            statement = f"INSERT INTO delayed_jobs ({names}) VALUES ({values}) RETURNING id"
            return connection.execute(statement, [handler]).fetchone()[0]

    return job


@pytest.fixture
def listed(on_database):
    def ids(*arguments: object) -> list[int]:
        ended = on_database("jobs", "list", "--json", *arguments)
        assert ended.code == 0, ended.err
        return [job["id"] for job in json.loads(ended.out)["jobs"]]

    return ids


def test_each_job_is_listed_under_its_state_and_no_other(listed, insert):
    jobs = {
        "ready": insert(),
        "scheduled": insert(run_at="now() + interval '1 h'"),
        "locked": insert(locked_by="'host:1'"),
        "failed": insert(failed_at="now()"),
        "held": insert(held_until="now()"),
    }
    for state, id in jobs.items():
        assert listed("--state", state) == [id]
    assert listed("--state", "failed", "--state", "ready") == [jobs["ready"], jobs["failed"]]
    assert listed() == sorted(jobs.values())


def test_a_name_stands_for_itself_and_what_is_below_it_and_a_pattern_for_more(listed, insert):
    mail, mailer, call = (insert(f"!{tag} {{}}") for tag in ("job:shop.Mail", "job:shop.Mailer", "call:shop.Mail.send"))
    insert("!job:shopXMail {}")
    assert listed("--name", "shop.Mail") == [mail, call]
    assert listed("--name", "shop.Mail*") == [mail, mailer, call]
    assert listed("--name", "*.Maile?") == [mailer]
    assert listed("--name", "shop_Mail") == []


def test_queue_age_and_error_select_and_the_error_is_no_pattern(listed, insert):
    old = insert(queue="'mail'", created_at="now() - interval '2 d'", last_error="'100%% of a_b'")
    new = insert(last_error="'1000 of aXb'")
    assert listed("--queue", "mail") == [old]
    assert listed("--older-than", "1d") == [old]
    assert listed("--newer-than", "1d") == [new]
    assert listed("--error", "100%") == [old]
    assert listed("--error", "a_b") == [old]


def test_pages_follow_each_other_until_there_is_none(on_database, insert):
    ids = [insert() for _ in range(5)]
    seen, after = [], 0
    while after is not None:
        page = json.loads(on_database("jobs", "list", "--json", "--limit", 2, "--after", after).out)
        seen += [job["id"] for job in page["jobs"]]
        after = page["next"]
    assert seen == ids
    assert f"--after {ids[1]}" in on_database("jobs", "list", "--limit", 2).out
    assert "--after" not in on_database("jobs", "list", "--limit", 5).out


def test_an_id_that_is_not_there_is_named_and_the_others_are_listed(on_database, insert):
    id = insert()
    ended = on_database("jobs", "list", id, 4711)
    assert ended.code == 1
    assert "there is no job 4711" in ended.err
    assert ended.out.splitlines()[1].split()[0] == str(id)
    assert on_database("jobs", "list", id, "--queue", "mail").code == 2


def test_in_a_pipe_nothing_is_coloured_cut_or_able_to_move_the_cursor(on_database, insert):
    insert(failed_at="now()", last_error="E'first \\x1b[2J" + "x" * 300 + "\\nsecond'")
    out = on_database("jobs", "list").out
    assert "\x1b" not in out
    assert "x" * 300 in out
    assert "second" not in out
    assert "…" not in out
