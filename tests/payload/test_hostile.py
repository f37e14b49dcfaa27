"""Whatever a row holds, reading it gives a job or `DeserializationError`, in bounded time and memory."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from delayed_daemon.errors import DeserializationError
from delayed_daemon.payload import PerformableMethod, dump, load
from delayed_daemon.payload.events import read_events
from tests.payload.shop import AnyJob, BatchImporter
from tests.payload.strategies import AWKWARD, values

ROOT = Path(__file__).parents[2]
PIECES = [
    *"[]{},:-?&*!|>%@`\"'# \n\t\\01ae.~<=\0\ud800",
    *[
        "- ",
        ": ",
        "? ",
        "---\n",
        "...\n",
        "%YAML 1.1\n",
        "<<",
        "&a",
        "*a",
        "null",
        "!!str ",
        "!!python/name:os.system ",
        "|2-\n  ",
    ],
    *[
        "!job:tests.payload.shop.AnyJob ",
        "!call:tests.payload.shop.resize ",
        '{"value": ',
        '"args": [',
        '"self": {',
        "\\ud83d",
        "\\x41",
        "\\u0000",
    ],
    *[
        "!tuple [",
        "!set ",
        "!map [[",
        "!datetime ",
        "!timedelta P1D",
        "!enum:tests.payload.shop.Color RED",
        "!object:tests.payload.shop.Point {x: ",
    ],
    *["!decimal 1", "!uuid ", "!bytes ", "!path ", "2024-01-01", "[Europe/Berlin]", "1e999", ".nan", "-.inf"],
]
pieces = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def read_or_refuse(handler, trust):
    try:
        return load(handler, trust)
    except DeserializationError:
        return None


@given(handler=st.one_of(st.text(), st.text(AWKWARD), st.binary().map(lambda noise: noise.decode("latin1")), pieces))
def test_noise_is_refused(trust, parser, handler):
    read_or_refuse(handler, trust)


@given(noise=st.one_of(st.text(AWKWARD), pieces), value=values)
def test_noise_in_the_shape_of_a_job_is_refused_or_read(trust, parser, noise, value):
    read_or_refuse(f"!job:tests.payload.shop.AnyJob {noise}", trust)
    read_or_refuse(f'!job:tests.payload.shop.AnyJob {{"value": {noise}}}', trust)
    read_or_refuse(f"!job:tests.payload.shop.AnyJob\nvalue: {noise}\n", trust)


@given(value=values, where=st.floats(0, 1), length=st.integers(0, 3), noise=pieces)
def test_a_damaged_job_is_refused_or_read(trust, parser, value, where, length, noise):
    handler = dump(AnyJob(value))
    at = int(where * len(handler))
    read_or_refuse(handler[:at] + noise + handler[at + length :], trust)


@pytest.mark.parametrize(
    "payload",
    [
        AnyJob({"a": [1, 2.5, "é\x85", None, True], "b": {}}),
        AnyJob((1, {2: b"x"}, 1e16, {"a"})),
        PerformableMethod(BatchImporter({"pk": 1}), "import_massive_csv", ["x"], {"separator": ("a",)}),
    ],
    ids=["fast path", "tags", "call"],
)
def test_a_truncated_job_is_refused_wherever_it_was_cut(trust, parser, payload):
    handler = dump(payload)
    for end in range(len(handler)):
        with pytest.raises(DeserializationError):
            load(handler[:end], trust)


def test_errors_of_the_parser_beyond_its_own_are_refused_too(parser):
    for text in [
        '"\\UFFFFFFFF"',
        '"\\U00110000"',
        "%YAML 1." + "1" * 5000 + "\n--- 1",
        '"\\ud83d"',
        "!%ff a",
        "!%zz a",
        "\ud800",
    ]:
        with pytest.raises(DeserializationError):
            read_events(text)


def test_reading_needs_little_of_the_stack_and_says_so_when_even_that_is_gone(trust):
    handler = dump(AnyJob([(1,)]))
    outcomes = set()

    def deeper():
        with suppress(RecursionError):
            deeper()
        try:
            outcomes.add(type(load(handler, trust)))
        except DeserializationError as error:
            outcomes.add(type(error))
        except RecursionError:
            outcomes.add(RecursionError)

    deeper()
    assert AnyJob in outcomes


@pytest.mark.parametrize("name", ["libyaml", "pure"])
def test_bombs_are_refused_quickly_and_in_little_memory(name):
    if name == "libyaml" and not hasattr(yaml, "CSafeLoader"):
        name = "pure"
    read = subprocess.run(
        [sys.executable, "-m", "tests.payload.bombs", name], capture_output=True, text=True, cwd=ROOT, timeout=110
    )
    measured = [json.loads(line) for line in read.stdout.splitlines()]
    assert read.returncode == 0, (measured[-1:], read.stderr)
    assert [bomb["name"] for bomb in measured if bomb["error"] is None] == []
    most_seconds = 0.5 if name == "libyaml" else 8.0
    assert [bomb for bomb in measured if bomb["seconds"] > most_seconds] == []
    assert [bomb for bomb in measured if bomb["grown"] > 100] == []
