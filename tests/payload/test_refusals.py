"""What cannot be stored is an error at enqueue that names the place."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections import OrderedDict, defaultdict, namedtuple
from datetime import datetime, tzinfo
from decimal import Decimal
from enum import Enum
from http import HTTPStatus
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given

from delayed_daemon.errors import InvalidJob, SerializationError
from delayed_daemon.payload import PerformableMethod, Trust, dump, load
from delayed_daemon.payload.limits import MOST_BYTES
from tests.payload import shop
from tests.payload.shop import AnyJob, BatchImporter, NewsletterJob, Point, RevivedJob
from tests.payload.strategies import path_texts


class Text(str):
    __slots__ = ()


class Zone(tzinfo):
    pass


Pair = namedtuple("Pair", "left right")


def test_the_message_names_the_place():
    with socket.socket() as connection:
        with pytest.raises(SerializationError, match=r"NewsletterJob\.emails\[3\]\.x: a value of type socket\.socket"):
            dump(NewsletterJob("lorem", ["a", "b", "c", Point(connection)]))
        with pytest.raises(SerializationError, match=r"BatchImporter#import_massive_csv\.self\.shop\['at'\]: "):
            dump(PerformableMethod(BatchImporter({"at": connection}), "import_massive_csv", ["x.csv"]))
        with pytest.raises(SerializationError, match=r"tests\.payload\.shop\.resize\.kwargs\['width'\]\[0\]: "):
            dump(PerformableMethod(shop.resize, None, ["x.csv"], {"width": [connection]}))


@pytest.mark.parametrize(
    "value",
    [
        object(),
        Text("text"),
        True.__class__,
        Pair(1, 2),
        OrderedDict(a=1),
        defaultdict(list),
        bytearray(b"a"),
        memoryview(b"a"),
        range(3),
        1j,
        len,
        print,
        lambda: None,
        Zone(),
        datetime(2024, 1, 1, tzinfo=Zone()),
        Decimal("sNaN"),
        Decimal("1" * 4301),
        10**4300,
        -(10**4300),
        "\ud800",
        Path("\udc80"),
        {"\udfff": 1},
        [iter([])],
        {1: object()},
        {Point(object()): 1},
        Exception("x"),
        shop.BatchImporter(1),
        Enum("Local", "A B")["A"],
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_that_would_not_come_back_as_it_was_is_refused(value):
    with pytest.raises(SerializationError, match=r"^AnyJob\.value"):
        dump(AnyJob(value))


def test_an_integer_is_refused_alike_where_the_interpreter_reads_longer_ones():
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        with pytest.raises(SerializationError, match="4300 digits"):
            dump(AnyJob(10**4300))
    finally:
        sys.set_int_max_str_digits(limit)


@given(text=path_texts)
def test_a_path_comes_back_or_is_refused(trust, text):
    path = PureWindowsPath(text)
    try:
        handler = dump(AnyJob(path))
    except SerializationError:
        return
    assert load(handler, trust).value == path


def test_a_cycle_is_refused_where_it_closes():
    ring: list[object] = [1]
    ring.append([ring])
    with pytest.raises(SerializationError, match=r"^AnyJob\.value\[1\]\[0\]: .*contains itself"):
        dump(AnyJob(ring))


def test_values_nested_too_deeply_are_refused_and_the_deepest_that_fit_are_read(trust):
    def nested(depth):
        value = "bottom"
        for _ in range(depth):
            value = [value]
        return value

    assert load(dump(AnyJob(nested(63))), trust).value == nested(63)
    with pytest.raises(SerializationError, match=r"AnyJob\.value\[0\].*deeper than 64"):
        dump(AnyJob(nested(64)))
    tuples = nested(63)
    tuples = eval(repr(tuples).replace("[", "(").replace("]", ",)"))
    assert load(dump(AnyJob(tuples)), trust).value == tuples


@pytest.mark.parametrize("wrap", [list, tuple], ids=["fast path", "YAML parser"])
def test_as_many_values_as_fit_are_read_and_one_more_is_refused(trust, wrap):
    most = wrap([0] * 99_997)
    assert load(dump(AnyJob(most)), trust).value == most
    with pytest.raises(SerializationError, match="more than 100000 values"):
        dump(AnyJob(wrap([0] * 100_001)))


def test_a_megabyte_fits_and_one_more_byte_is_refused(trust):
    room = MOST_BYTES - len(dump(AnyJob("")))
    assert load(dump(AnyJob("x" * room)), trust).value == "x" * room
    assert len(load(dump(AnyJob("é" * (room // 2))), trust).value) == room // 2
    with pytest.raises(SerializationError, match="1048577 bytes"):
        dump(AnyJob("x" * (room + 1)))
    with pytest.raises(SerializationError, match="bytes"):
        dump(AnyJob("é" * (room // 2 + 1)))


def test_members_that_share_a_hash_are_refused():
    with pytest.raises(SerializationError, match="share one hash"):
        dump(AnyJob({number * (2**61 - 1) for number in range(1, 30)}))


def test_an_attribute_that_is_no_field_is_refused_rather_than_lost():
    job = NewsletterJob("lorem")
    job.extra = 1
    with pytest.raises(SerializationError, match=r"NewsletterJob\.extra: is not a field of the class"):
        dump(job)


def test_a_field_that_was_never_set_is_refused():
    job = RevivedJob(1)
    del job.doubled
    with pytest.raises(SerializationError, match=r"RevivedJob\.doubled: is not set"):
        dump(job)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (shop.NewsletterJob, "is a class: enqueue an instance"),
        (BatchImporter(1), "has no perform method"),
        (shop.NotAJob(), "has no perform method"),
        (shop.CallableAttributeJob(), "has no perform method"),
        ("text", "has no perform method"),
        (None, "has no perform method"),
        (shop.make_local_job(), "is defined inside a function"),
    ],
)
def test_what_is_no_job_is_refused(payload, reason):
    with pytest.raises(InvalidJob, match=reason):
        dump(payload)


def test_a_job_whose_state_lies_outside_its_attributes_is_refused():
    with pytest.raises(SerializationError, match="FailingJob: is built on"):
        dump(shop.FailingJob("x"))


def test_a_job_defined_in_the_script_itself_is_refused_with_advice(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from delayed_daemon.payload import dump\n"
        "class ScriptJob:\n"
        "    def perform(self): ...\n"
        "try:\n"
        "    dump(ScriptJob())\n"
        "except Exception as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    root = Path(__file__).parents[2]
    shown = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=True, cwd=root, env={"PYTHONPATH": str(root)}
    )
    assert shown.stdout.startswith("InvalidJob ScriptJob is defined in __main__")


def test_a_class_replaced_under_its_name_is_refused(monkeypatch):
    job = NewsletterJob("lorem")
    monkeypatch.setattr(shop, "NewsletterJob", AnyJob)
    with pytest.raises(InvalidJob, match="could not be found again"):
        dump(job)


def test_members_of_other_modules_need_those_modules_trusted():
    handler = dump(AnyJob(HTTPStatus.OK))
    assert load(handler, Trust(["tests.payload.shop", "http"])).value is HTTPStatus.OK
