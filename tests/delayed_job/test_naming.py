"""What a job is called."""

from __future__ import annotations

from delayed_daemon.execution.members import display_name
from delayed_daemon.job import Job
from delayed_daemon.payload import PerformableMethod, dump
from tests.client.letters import Letter


class Press:
    def print_out(self, copies: int) -> None:
        pass

    @classmethod
    def warm_up(cls) -> None:
        pass


def named(payload: object, handler: str | None = None) -> str:
    return display_name(Job(payload, handler=handler if handler is not None else dump(payload)))


def test_a_job_is_called_by_its_class() -> None:
    assert named(Letter("a")) == "tests.client.letters.Letter"


def test_a_call_is_called_by_class_and_method() -> None:
    assert named(PerformableMethod(Press(), "print_out", [3])) == "Press#print_out"
    assert named(PerformableMethod(Press, "warm_up")) == "Press.warm_up"


def test_what_cannot_be_read_is_called_by_its_tag() -> None:
    assert named(None, '!job:shop.jobs.Gone {"a": ') == "shop.jobs.Gone"
    assert named(None, '!call:shop.jobs.gone {"args": []}') == "shop.jobs.gone"
    assert named(None, "--- neither") == "?"
