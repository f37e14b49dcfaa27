"""What delayed_job's own specs promise about enqueuing; the others of its promises are tested elsewhere in this folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from delayed_daemon import InvalidJob, configure, enqueue, enqueue_many
from delayed_daemon.payload import Trust, load
from tests.client.letters import Letter
from tests.client.test_producing import LATER, rows
from tests.servers import Database

TRUST = Trust(["tests.client"])


class Outer:
    @dataclass
    class Nested(Letter):
        queue_name = "nested"


@dataclass
class Silent(Letter):
    calls = 0

    def enqueue(self) -> None:
        type(self).calls += 1


def test_without_run_at_a_job_is_due_at_once_by_the_database_s_clock(table: Database) -> None:
    job = enqueue(Letter("a"))
    assert job.run_at is not None
    assert abs(job.run_at - datetime.now(UTC)) < timedelta(minutes=1)
    [row] = rows(table)
    assert row["run_at"] == row["created_at"] == job.run_at


def test_run_at_priority_and_queue_are_kept_and_exactly_one_row_is_added(table: Database) -> None:
    enqueue(Letter("a"), run_at=LATER, priority=5, queue="mail")
    [row] = rows(table)
    assert (row["run_at"], row["priority"], row["queue"]) == (LATER, 5, "mail")


def test_a_queue_that_is_given_wins_over_the_payload_s(table: Database) -> None:
    assert enqueue(Outer.Nested("a")).queue == "nested"
    assert enqueue(Outer.Nested("a"), queue="given").queue == "given"
    assert [row["queue"] for row in rows(table)] == ["nested", "given"]


def test_each_time_a_handler_is_read_makes_a_new_object_of_a_class_inside_a_module(table: Database) -> None:
    job = enqueue(Outer.Nested("a"))
    [row] = rows(table)
    first, second = load(row["handler"], TRUST), load(row["handler"], TRUST)
    assert type(first) is type(second) is Outer.Nested
    assert first == second == job.payload
    assert first is not second


def test_an_object_without_perform_is_refused(table: Database) -> None:
    for nothing in (object(), 3, "text", None, Letter):
        with pytest.raises(InvalidJob):
            enqueue(nothing)
    assert rows(table) == []


def test_the_caller_s_options_are_left_as_they_are(table: Database) -> None:
    options = {"queue": "mail", "priority": 3, "run_at": 60}
    enqueue(Letter("a"), **options)  # type: ignore[call-overload]
    enqueue_many([Letter("a")], **options)  # type: ignore[call-overload]
    assert options == {"queue": "mail", "priority": 3, "run_at": 60}


@pytest.mark.parametrize("length", [28_000, 1_000_000])
def test_a_long_handler_is_stored_as_it_is(table: Database, length: int) -> None:
    enqueue(Letter("x" * length))
    [row] = rows(table)
    assert load(row["handler"], TRUST) == Letter("x" * length)


def test_the_default_priority_is_that_of_the_configuration(table: Database) -> None:
    configure(database_url=table.url, schema=table.schema, default_priority=9)
    assert enqueue(Letter("a")).priority == 9


def test_an_enqueue_hook_may_take_no_argument(table: Database) -> None:
    enqueue(Silent("a"))
    enqueue_many([Silent("b")] * 2)
    assert Silent.calls == 3
    assert len(rows(table)) == 3
