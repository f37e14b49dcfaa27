"""Method calls put off until later."""

from __future__ import annotations

import asyncio

import pytest

from delayed_daemon.errors import DeserializationError, InvalidJob, UnknownJobClass
from delayed_daemon.job import Job, name_in
from delayed_daemon.payload import PerformableMethod, Trust, dump, load
from tests.payload import shop
from tests.payload.shop import BatchImporter, Color, HookedImporter, resize

SHOP = "!call:tests.payload.shop."


@pytest.mark.parametrize(
    ("call", "handler", "name", "result"),
    [
        (
            PerformableMethod(BatchImporter(3), "import_massive_csv", ["x.csv"]),
            'BatchImporter.import_massive_csv {"self": {"shop": 3}, "args": ["x.csv"]}',
            "BatchImporter#import_massive_csv",
            (3, "x.csv", ","),
        ),
        (
            PerformableMethod(BatchImporter, "count", kwargs={"path": "abc"}),
            'BatchImporter.count {"kwargs": {"path": "abc"}}',
            "BatchImporter.count",
            3,
        ),
        (
            PerformableMethod(shop, "resize", ["a.jpg"]),
            'resize {"args": ["a.jpg"]}',
            "tests.payload.shop.resize",
            ("a.jpg", 100),
        ),
        (
            PerformableMethod(resize, None, ["a"], {"width": 3}),
            'resize {"args": ["a"], "kwargs": {"width": 3}}',
            None,
            ("a", 3),
        ),
        (PerformableMethod(BatchImporter(1).import_massive_csv, None, ["y"]), None, None, (1, "y", ",")),
        (PerformableMethod(BatchImporter(1), "count", ["four"]), None, "BatchImporter#count", 4),
        (PerformableMethod(HookedImporter(1), "import_massive_csv", ["y"]), None, None, (1, "y", ",")),
    ],
)
def test_a_call_is_stored_readably_and_made_later(trust, parser, call, handler, name, result):
    written = dump(call)
    if handler:
        assert written == SHOP + handler
    revived = load(written, trust)
    assert (revived.perform(), call.perform()) == (result, result)
    assert revived.display_name == call.display_name
    if name:
        assert (call.display_name, Job(call).name) == (name, name)
    assert name_in(written) == call.full_name


def test_a_class_method_makes_what_it_makes(trust):
    assert load(dump(PerformableMethod(BatchImporter, "create", [4])), trust).perform().shop == 4


def test_a_member_of_an_enum_or_a_path_can_be_the_receiver(trust, tmp_path):
    call = load(dump(PerformableMethod(Color.RED, "shade", [1])), trust)
    assert (call.receiver, call.perform(), call.display_name) == (Color.RED, "red 1", "Color#shade")
    call = PerformableMethod(tmp_path, "exists")
    with pytest.raises(UnknownJobClass):
        load(dump(call), trust)
    assert load(dump(call), Trust([type(tmp_path).__module__])).perform() is True


def test_a_coroutine_method_gives_its_coroutine(trust):
    call = load(dump(PerformableMethod(BatchImporter(1), "download", ["url"])), trust)
    assert asyncio.run(call.perform()) == "url"


def test_calls_are_equal_by_what_they_call():
    first, second = (PerformableMethod(resize, None, ["a"]) for _ in range(2))
    assert first == second
    assert first != PerformableMethod(resize, None, ["b"])
    assert first != "resize"
    assert repr(first) == "<PerformableMethod tests.payload.shop.resize>"


@pytest.mark.parametrize(
    ("receiver", "method", "args", "reason"),
    [
        (BatchImporter(1), "missing", (), "BatchImporter has no method 'missing'"),
        (BatchImporter(1), "shop", (), "no method 'shop'"),
        (BatchImporter(1), "rows", (), "no method 'rows'"),
        (BatchImporter(1), "clock", (), "no method 'clock'"),
        (BatchImporter(1), "_secret", (), "underscore"),
        (BatchImporter(1), "__init__", (1,), "underscore"),
        (BatchImporter(1), "import_massive_csv", (), "missing a required argument: 'path'"),
        (BatchImporter(1), "import_massive_csv", (1, 2, 3), "too many positional arguments"),
        (BatchImporter, "import_massive_csv", ("x",), "no static or class method"),
        (BatchImporter, "mro", (), "no static or class method"),
        (shop, "missing", (), "is not a function"),
        (shop, "BatchImporter", (), "is not a function"),
        (shop, "_private", (), "underscore"),
        (shop, "cached", ("a",), "is not a function"),
        (shop, "system", ("true",), "is not a function"),
        (BatchImporter, None, (), "is not a function"),
        (BatchImporter(1), None, (), "is not a function"),
        (len, None, ("a",), "is not a function"),
    ],
)
def test_a_call_that_could_not_be_made_is_refused(receiver, method, args, reason):
    with pytest.raises(InvalidJob, match=reason):
        PerformableMethod(receiver, method, args)


def test_functions_that_nothing_else_can_find_are_refused():
    def local() -> None: ...

    for function, reason in [(local, "inside a function"), (shop.anonymous, "lambda"), (lambda: None, "lambda")]:
        with pytest.raises(InvalidJob, match=reason):
            dump(PerformableMethod(function))


def test_hooks_and_settings_of_the_receiver_are_passed_on():
    call = PerformableMethod(HookedImporter(1), "import_massive_csv", ["x"])
    assert (call.max_attempts, call.queue_name, call.before(None), call.failure(None)) == (
        3,
        "imports",
        "before",
        "failure",
    )
    assert not any(
        hasattr(call, name) for name in ["after", "success", "error", "enqueue", "priority", "reschedule_at", "shop"]
    )


def test_a_class_as_receiver_answers_only_what_is_its_own():
    call = PerformableMethod(HookedImporter, "create", [1])
    assert (call.max_attempts, call.failure(None)) == (3, "failure")
    assert not hasattr(call, "before")


@pytest.mark.parametrize(
    "handler",
    [
        'BatchImporter.import_massive_csv {"args": ["x"]}',
        'resize {"self": {}}',
        'resize {"arguments": []}',
        'resize {"args": {}}',
        'resize {"kwargs": []}',
        'resize {"args": "x"}',
        'resize {"kwargs": !map [[1, 2]]}',
        'BatchImporter.import_massive_csv {"self": 1}',
        'BatchImporter.import_massive_csv {"self": !object:tests.payload.shop.Point {"x": 1}}',
        "resize []",
        "resize",
    ],
)
def test_a_call_of_the_wrong_form_cannot_be_read(trust, parser, handler):
    with pytest.raises(DeserializationError):
        load(SHOP + handler, trust)


def test_arguments_that_no_longer_fit_fail_when_performed(trust):
    call = load(SHOP + 'resize {"args": [1, 2, 3, 4]}', trust)
    with pytest.raises(TypeError):
        call.perform()
