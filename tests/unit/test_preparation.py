"""Waiting for a database that is not there yet."""

from __future__ import annotations

import psycopg
import pytest
from structlog.testing import capture_logs

from delayed_daemon.cli import preparation


def test_only_the_first_vain_try_to_connect_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([psycopg.OperationalError("nobody there")] * 4 + ["a connection"])

    def connect(_url: str, **_options: object) -> str:
        if isinstance(answer := next(answers), psycopg.Error):
            raise answer
        return answer

    monkeypatch.setattr(preparation, "connect", connect)
    monkeypatch.setattr(preparation.time, "sleep", lambda _seconds: None)
    with capture_logs() as events:
        assert preparation._connect_in_the_end("postgresql://") == "a connection"
    assert [event["log_level"] for event in events] == ["warning", "debug", "debug", "debug"]
