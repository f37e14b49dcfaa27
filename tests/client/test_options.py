"""Queue and priority of a job that says nothing, or a name."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from delayed_daemon import InvalidJob, Job, configure, enqueue, enqueue_many
from tests.client.letters import Letter
from tests.servers import Database


@dataclass
class Mail(Letter):
    queue_name = "mail"


@dataclass
class Urgent(Mail):
    priority = "interactive"


@dataclass
class Demoted(Mail):
    def enqueue(self, job: Job) -> None:
        job.priority = "reporting"  # type: ignore[assignment]


@pytest.fixture(autouse=True)
def settings(table: Database) -> None:
    configure(
        database_url=table.url,
        schema=table.schema,
        default_queue="rest",
        default_priority=7,
        queue_attributes={"mail": {"priority": -10}},
        priorities={"interactive": -50, "reporting": 30},
    )


def test_a_job_that_says_nothing_gets_the_configured_queue_and_priority() -> None:
    job = enqueue(Letter("a"))
    assert (job.queue, job.priority) == ("rest", 7)


def test_a_queue_has_a_priority_of_its_own() -> None:
    assert enqueue(Mail("a")).priority == -10
    assert enqueue(Letter("a"), queue="mail").priority == -10


def test_an_explicit_priority_wins_over_that_of_the_queue() -> None:
    assert enqueue(Mail("a"), priority=0).priority == 0


def test_priorities_have_names(table: Database) -> None:
    jobs = [
        enqueue(Letter("a"), priority="interactive"),
        enqueue(Urgent("a")),
        enqueue(Demoted("a")),
        *enqueue_many([Letter("a")], priority="reporting"),
    ]
    rows = table.connect().execute("SELECT priority FROM delayed_jobs ORDER BY id").fetchall()
    assert [job.priority for job in jobs] == [row[0] for row in rows] == [-50, -50, 30, 30]


def test_a_name_that_nothing_has_is_refused_with_those_that_there_are(table: Database) -> None:
    with pytest.raises(InvalidJob, match="'urgent'; there are interactive, reporting"):
        enqueue(Letter("a"), priority="urgent")
    assert table.connect().execute("SELECT FROM delayed_jobs").fetchall() == []


def test_the_settings_can_be_printed_without_giving_the_password_away() -> None:
    config = configure(database_url="postgresql://me:hunter2@example.org/shop", schema="jobs")
    assert "hunter2" not in repr(config)
    assert "schema='jobs'" in repr(config)


def test_an_error_about_one_of_many_says_which(table: Database) -> None:
    with pytest.raises(InvalidJob) as raised:
        enqueue_many([Letter("a"), Letter("b"), object()])
    assert raised.value.__notes__ == ["enqueue_many: item 2; nothing was enqueued"]
    assert table.connect().execute("SELECT FROM delayed_jobs").fetchall() == []
