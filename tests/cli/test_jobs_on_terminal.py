from __future__ import annotations

import os
import sys

import pytest

from tests.cli.conftest import _PATH
from tests.cli.terminals import on_terminal


@pytest.fixture
def terminal(place, migrated):
    with migrated.connect() as connection:
        connection.execute(
            "INSERT INTO delayed_jobs (handler, failed_at, last_error) VALUES ('!job:shop.Mail {}', now(), %s)",
            ["x" * 300],
        )
    settings = {"DELAYED_DAEMON_DATABASE_URL": migrated.url, "DELAYED_DAEMON_SCHEMA": migrated.schema}
    clean = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}

    def run(*arguments: str, answers: dict[str, str] | None = None, **more: str) -> tuple[int, str]:
        env = {**clean, **settings, "PYTHONPATH": _PATH, "TERM": "xterm", **more}
        program = [sys.executable, "-m", "delayed_daemon", "jobs", *arguments]
        return on_terminal(program, cwd=place, env=env, answers=answers, columns=90)

    return run


def test_a_list_is_coloured_and_as_wide_as_the_terminal(terminal):
    code, seen = terminal("list")
    assert code == 0
    assert "\x1b[31mfailed" in seen
    assert "…" in seen
    assert "s ago" in seen
    plain = terminal("list", NO_COLOR="1")[1]
    assert "\x1b" not in plain
    assert max(map(len, plain.splitlines())) <= 90


@pytest.mark.parametrize(("answer", "code", "left"), [("n\n", 130, "failed"), ("y\n", 0, "ready")])
def test_a_change_is_made_only_after_a_yes(terminal, migrated, answer, code, left):
    assert terminal("retry", "--all", answers={"Retry 1 job?": answer})[0] == code
    assert left in terminal("list", NO_COLOR="1")[1]
