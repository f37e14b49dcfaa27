"""Options of the row, as delayed_job settles them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from delayed_daemon import enqueue
from tests.client.letters import Letter
from tests.servers import Database


@dataclass
class Mail(Letter):
    queue_name = "mail"


@dataclass
class Sorted(Letter):
    def queue_name(self) -> str:
        return f"post-{self.text}"


def queues(table: Database) -> list[str]:
    return [row[0] for row in table.connect().execute("SELECT queue FROM delayed_jobs ORDER BY id").fetchall()]


def test_a_payload_names_its_queue(table: Database) -> None:
    jobs = [enqueue(Mail("a")), enqueue(Sorted("b"))]
    assert queues(table) == [job.queue for job in jobs] == ["mail", "post-b"]


def test_options_by_position_are_refused(table: Database) -> None:
    by_position: Any = enqueue
    with pytest.raises(TypeError, match="positional"):
        by_position(Letter("a"), 5)
    assert queues(table) == []
