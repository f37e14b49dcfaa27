"""``@delayed``: a call now stays one, and ``.delay`` makes a job of the same call."""

from __future__ import annotations

import asyncio
import copy
import inspect
import pickle
import re
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import psycopg
import pytest
from pydantic import BaseModel, ConfigDict

from delayed_daemon import InvalidJob, UnknownJobClass, delay, delayed, send_later
from delayed_daemon.client import Delayable
from delayed_daemon.execution import members
from delayed_daemon.job import Job
from delayed_daemon.payload import PerformableMethod, Trust, load
from tests.client import calls
from tests.client.calls import Importer, Late, Special, fetch, needs_a_receiver, resize
from tests.client.test_producing import LATER, rows
from tests.servers import Database

ROOT = Path(__file__).parents[2]
CALLS = "!call:tests.client.calls."
TRUST = Trust(["tests.client.calls"])


@pytest.mark.parametrize(
    ("put_off", "handler", "result"),
    [
        (lambda: resize.delay("a", width=3), 'resize {"args": ["a"], "kwargs": {"width": 3}}', ("a", 3)),
        (lambda: delay(resize)("a"), 'resize {"args": ["a"]}', ("a", 100)),
        (lambda: send_later(calls, "resize", "a"), 'resize {"args": ["a"]}', ("a", 100)),
        (
            lambda: Importer(3).import_csv.delay("x", separator=";"),
            'Importer.import_csv {"self": {"shop": 3}, "args": ["x"], "kwargs": {"separator": ";"}}',
            (3, "x", ";"),
        ),
        (
            lambda: Importer.import_csv.delay(Importer(3), "x"),
            'Importer.import_csv {"self": {"shop": 3}, "args": ["x"]}',
            (3, "x", ","),
        ),
        (
            lambda: send_later(Importer(3), "import_csv", "x"),
            'Importer.import_csv {"self": {"shop": 3}, "args": ["x"]}',
            (3, "x", ","),
        ),
        (
            lambda: delay(Importer(3).import_csv)("x"),
            'Importer.import_csv {"self": {"shop": 3}, "args": ["x"]}',
            (3, "x", ","),
        ),
        (lambda: Importer.count.delay("four"), 'Importer.count {"args": ["four"]}', 4),
        (lambda: Importer(1).count.delay("four"), 'Importer.count {"args": ["four"]}', 4),
        (lambda: Late().method.delay(4), 'Late.method {"self": {}, "args": [4]}', 4),
    ],
)
def test_a_call_is_enqueued_and_performing_it_runs_the_function_itself(
    table: Database, put_off, handler, result
) -> None:
    job = put_off()
    [row] = rows(table)
    assert (row["id"], row["handler"]) == (job.id, CALLS + handler)
    assert load(row["handler"], TRUST).perform() == result
    assert len(rows(table)) == 1, "performed, not enqueued again"


def test_a_class_method_is_called_on_the_class_it_was_taken_from(table: Database) -> None:
    Importer.create.delay(4)
    Special.create.delay(shop=5)
    Special(1).create.delay(6)
    revived = [load(row["handler"], TRUST).perform() for row in rows(table)]
    assert [(type(each), each.shop) for each in revived] == [(Importer, 4), (Special, 5), (Special, 6)]
    assert [row["queue"] for row in rows(table)] == ["importer", "special", "special"]


def test_a_coroutine_method_is_enqueued_with_options_of_its_receiver(table: Database) -> None:
    Importer(3).download.delay("u")
    fetch.delay("v")
    assert [(row["queue"], row["priority"]) for row in rows(table)] == [("shop-3", 7), ("images", 5)]
    assert [asyncio.run(load(row["handler"], TRUST).perform()) for row in rows(table)] == ["3 u", "v"]


def test_options_of_a_call_go_before_those_of_the_decorator(table: Database) -> None:
    fetch.with_options(priority=-3, run_at=LATER, expires_at=lambda: LATER).with_options(priority=lambda: -4).delay("v")
    fetch.delay("v")
    assert [(row["queue"], row["priority"], row["run_at"] == LATER) for row in rows(table)] == [
        ("images", -4, True),
        ("images", 5, False),
    ]


def test_options_that_are_functions_are_asked_at_each_call(table: Database) -> None:
    numbers = iter([1, 2])
    numbered = resize.with_options(priority=lambda: next(numbers))
    numbered.delay("a")
    numbered.delay("a")
    assert [row["priority"] for row in rows(table)] == [1, 2]


def test_the_job_joins_the_transaction_of_a_connection(table: Database) -> None:
    with psycopg.connect(table.url) as connection:
        resize.with_options(connection=connection).delay("a")
        assert rows(table) == []
    assert len(rows(table)) == 1


def test_from_an_event_loop_it_is_awaited(table: Database) -> None:
    async def work() -> list[int | None]:
        async with await psycopg.AsyncConnection.connect(table.url) as connection:
            with pytest.raises(InvalidJob, match="adelay"):
                resize.with_options(connection=connection).delay("a")
            jobs = [await resize.adelay("a"), await Importer(3).download.with_options(priority=1).adelay("u")]
            jobs.append(await resize.with_options(connection=connection).adelay("b"))
        return [job.id for job in jobs]

    ids = asyncio.run(work())
    assert [(row["id"], row["queue"], row["priority"]) for row in rows(table)] == [
        (ids[0], "default", 0),
        (ids[1], "shop-3", 1),
        (ids[2], "default", 0),
    ]


def test_a_direct_call_runs_at_once_and_enqueues_nothing(table: Database) -> None:
    calls.made.clear()
    assert (resize("a", width=2), calls.made) == (("a", 2), [("a", 2)])
    assert Importer(1).import_csv("x") == (1, "x", ",")
    assert Importer.import_csv(Importer(2), "x") == (2, "x", ",")
    assert (Importer.count("abc"), Importer(1).count("abc"), Special.create(3).shop) == (3, 3, 3)
    assert asyncio.run(Importer(1).download("u")) == "1 u"
    assert rows(table) == []


@pytest.mark.parametrize(
    ("put_off", "reason"),
    [
        (lambda: resize.delay(), "missing a required argument: 'path'"),
        (lambda: resize.delay("a", height=1), "unexpected keyword argument 'height'"),
        (lambda: Importer.import_csv.delay(), "needs the object"),
        (lambda: Importer.import_csv.delay("x"), "str has no method|is not <delayed"),
        (lambda: Special(1).put_off_the_inherited_one(), "Special.import_csv is not <delayed .*Importer.import_csv>"),
        (lambda: Importer.misplaced_static_method.delay(), "put @delayed above @staticmethod"),
        (lambda: Importer.misplaced_class_method.delay(), "put @delayed above @classmethod"),
        (lambda: needs_a_receiver.delay(), "queue: .* has none"),
        (lambda: resize.with_options(colour="red"), "colour: not an option"),
        (lambda: delayed(lambda: None).delay(), "lambda"),
        (lambda: delay(Importer.import_csv)("x"), "is a method"),
        (lambda: resize.with_options(priority="unheard").delay("a"), "nothing is named"),
    ],
)
def test_a_call_that_could_not_be_made_later_is_refused(table: Database, put_off, reason) -> None:
    with pytest.raises(InvalidJob, match=reason):
        put_off()
    assert rows(table) == []


def _underscored() -> None: ...


@pytest.mark.parametrize(
    ("decorated", "reason"),
    [
        (Importer, "is a class"),
        (len, "is not a function"),
        (lru_cache(resize), "is not a function"),
        (staticmethod(len), "is not a function"),
        (property(lambda self: 1), "is not a function"),
        (Importer(1).before, "is not a function"),
        (_underscored, "underscore"),
    ],
)
def test_what_has_no_name_of_its_own_is_not_decorated(decorated, reason) -> None:
    with pytest.raises(InvalidJob, match=reason):
        delayed(decorated)


def test_it_looks_like_the_function_it_was() -> None:
    assert (resize.__name__, resize.__doc__, resize.__module__) == ("resize", "Make it smaller.", calls.__name__)
    assert str(inspect.signature(Importer(1).import_csv)).startswith("(path: 'str', *, separator")
    assert list(inspect.signature(Importer.import_csv).parameters) == ["self", "path", "separator"]
    assert pickle.loads(pickle.dumps(resize)) is copy.deepcopy(resize) is resize
    importer = Importer(1)
    assert importer.import_csv == importer.import_csv
    assert len({importer.import_csv, importer.import_csv, Importer(2).import_csv}) == 2


def test_the_hooks_and_settings_of_the_receiver_are_those_of_the_call(table: Database) -> None:
    Importer(1).import_csv.delay("x")
    [row] = rows(table)
    call = load(row["handler"], TRUST)
    Importer.heard.clear()
    members.call_hook("before", Job(call))
    assert (Importer.heard, members.max_attempts(call, 25)) == (["before"], 3)


class Model(BaseModel):
    model_config = ConfigDict(ignored_types=(Delayable,))

    number: int

    @delayed(priority=lambda model: model.number)
    def add(self, more: int) -> int:
        return self.number + more


def test_a_method_of_a_pydantic_model_can_be_decorated(table: Database) -> None:
    assert Model(number=3).add(4) == 7
    Model(number=3).add.delay(5)
    [row] = rows(table)
    assert (row["priority"], load(row["handler"], Trust([__name__])).perform()) == (3, 8)


class Trap(Delayable):
    """A descriptor of the application's: looking it up runs nothing of it."""

    def __getattribute__(self, name: str) -> object:
        raise AssertionError(name)


@pytest.mark.parametrize(
    "make",
    [
        lambda: resize,
        lambda: staticmethod(resize),
        lambda: Delayable(pickle.loads, {}),
        lambda: Delayable.__new__(Delayable),
        lambda: Trap.__new__(Trap),
        lambda: resize.with_options(priority=3),
        lambda: Importer(1).import_csv,
    ],
    ids=["taken over", "static", "foreign", "empty", "trap", "with options", "bound"],
)
def test_a_name_leads_only_to_what_was_defined_there_and_runs_nothing(monkeypatch, make) -> None:
    monkeypatch.setitem(vars(calls), "found", make())
    for tag in ("call", "job"):
        with pytest.raises(UnknownJobClass):
            load(f"!{tag}:tests.client.calls.found {{}}", TRUST)


def test_a_bound_decorated_method_is_taken_apart() -> None:
    call = PerformableMethod(Importer(1).import_csv, None, ["x"])
    assert (call.receiver.shop, call.method, call.perform()) == (1, "import_csv", (1, "x", ","))


def test_mypy_knows_the_arguments() -> None:
    sample = "tests/client/typed_calls.py"
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--config-file=", sample]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110)
    wrong = {int(line) for line in re.findall(rf"^{sample}:(\d+): error", found.stdout, re.MULTILINE)}
    lines = (ROOT / sample).read_text().splitlines()
    assert wrong == {number for number, line in enumerate(lines, 1) if line.endswith("# error")}, found.stdout
    assert "error:" not in re.sub(rf"^{sample}:.*$", "", found.stdout, flags=re.MULTILINE), found.stdout
