"""Reads documents made to crash, stall or fill a reader, and tells what each cost. Run as a script, since some
readers do not survive them: ``python -m tests.payload.bombs libyaml|pure``.

One line of JSON per document: its name, the error it gave or null, CPU seconds, and growth of the process's peak in MiB.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator
from math import inf

import yaml

from delayed_daemon.errors import DeserializationError
from delayed_daemon.payload import Trust, events, load
from delayed_daemon.payload.limits import MOST_BYTES

JOB = "!job:tests.payload.shop.AnyJob"
MOST = MOST_BYTES - 100
PATTERNS = [
    "[",
    "{",
    "- ",
    "? ",
    ": ",
    "&a ",
    "*a ",
    "!a ",
    "!<",
    "!!",
    '"',
    "'",
    "#\n",
    "%a\n",
    "---\n",
    "...\n",
    "\n",
    " ",
    "\t",
    "a: ",
    "a:\n ",
    ",",
    "[a,",
    "{a: [",
    "{? ",
    "[[],",
    "1:59",
    "\\",
    "a b ",
    "a\n",
    "- a\n",
    "a: 1\n",
    "1",
    '"a",',
    "é",
    "\x85",
    "- - ",
    "? a\n: b\n",
    "!t [",
    "[\n",
    "\\ud83d",
]


def bombs(size: int) -> Iterator[tuple[str, str]]:
    """Names and documents; ``size`` bytes of each pattern that is repeated."""
    for pattern in ["|\n", ">\n", "|1\n a\n", *PATTERNS]:
        text = pattern * (size // len(pattern.encode()))
        yield f"repeated {pattern!r}", text
        yield f"in a list {pattern!r}", f'{JOB} {{"value": [{text}'
        yield f"in quotes {pattern!r}", f'{JOB} {{"value": "{text}'
    yield "a megabyte of [", "[" * MOST
    yield "a megabyte of [ in a job", f'{JOB} {{"value": {"[" * MOST}'
    yield "a megabyte of closed lists", f'{JOB} {{"value": {"[" * (MOST // 2)}{"]" * (MOST // 2)}}}'
    yield "a megabyte of objects", f'{JOB} {{"value": {{"a":' * (MOST // 50)
    yield "65 lists", f'{JOB} {{"value": {"[" * 64}{"]" * 64}}}'
    yield "500,000 numbers", f'{JOB} {{"value": [{"1," * 499_999}1]}}'
    yield "250,000 items", JOB + "\nvalue:\n" + "- a\n" * 250_000
    yield "many keys", f"{JOB} {{{''.join(f'a{number}: 1, ' for number in range(70_000))}}}"
    yield "merge keys", _merge_bomb()
    yield "billion laughs", _laughs()
    yield "base 60", f"{JOB} {{value: !decimal {'1:59' * 100_000}}}"
    yield "a long integer", f'{JOB} {{"value": {"9" * MOST}}}'
    yield "a long integer by hand", f"{JOB}\nvalue: {'9' * MOST}\n"
    yield "a long decimal", f"{JOB} {{value: !decimal {'9' * MOST}}}"
    yield "a long float", f"{JOB} {{value: [1.{'9' * MOST}]"
    yield "a long duration", f"{JOB} {{value: !timedelta P{'9' * MOST}D}}"
    yield "a long moment", f"{JOB} {{value: !datetime '{'2024-01-01[' * (MOST // 11)}'}}"
    yield "a long name", f"!job:{'a.' * (MOST // 2)}b {{}}"
    yield "a long name of a call", f"!call:{'a.' * (MOST // 2)}b {{}}"
    yield "a long name before spaces", f"!job:{'a' * (MOST // 2)}{' ' * (MOST // 2)}"
    yield "a long enum", f"{JOB} {{value: !enum:tests.payload.shop.Access '{'READ|' * (MOST // 5)}X'}}"
    yield "a directive with a long number", f"%YAML 1.{'1' * MOST}\n--- {JOB} {{}}"
    collisions = [number * (2**61 - 1) for number in range(8_000)]
    yield "colliding members", f"{JOB} {{value: !set {collisions}}}"
    yield "colliding keys", f"{JOB} {{value: !map {[[number, 1] for number in collisions]}}}"
    yield "colliding tuples", f"{JOB} {{value: !set [{', '.join(f'!tuple [{number}]' for number in collisions)}]}}"
    yield "colliding decimals", f"{JOB} {{value: !set [{', '.join(f'!decimal {number}' for number in collisions)}]}}"
    yield "more than a megabyte", f'{JOB} {{"value": "{"a" * MOST_BYTES}"}}'
    yield "more than a megabyte of UTF-8", f'{JOB} {{"value": "{"é" * (MOST_BYTES // 2)}"}}'


def _merge_bomb() -> str:
    lines = ["a0: &a0 {k: 1}"]
    lines += [f"a{level}: &a{level} {{<<: [*a{level - 1}, *a{level - 1}]}}" for level in range(1, 24)]
    return f"{JOB}\n" + "\n".join(lines)


def _laughs() -> str:
    lines = ["a0: &a0 [lol]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 12)]
    return f"{JOB}\n" + "\n".join(lines)


def measure(name: str, handler: str, trust: Trust, enough: float) -> dict[str, object]:
    """What one document costs: its best of three, as far as it seems to cost much, for others use the machine too."""
    peak = _peak()
    seconds: list[float] = []
    while len(seconds) < 3 and min(seconds, default=inf) > enough:
        error, spent = _attempt(handler, trust)
        seconds.append(spent)
    return {"name": name, "error": error, "seconds": min(seconds), "grown": _peak() - peak}


def _attempt(handler: str, trust: Trust) -> tuple[str | None, float]:
    start = time.process_time()
    error = None
    try:
        load(handler, trust)
    except DeserializationError as raised:
        error = str(raised)
    return error, time.process_time() - start


def _peak() -> float:
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    import tests.payload.shop  # noqa: F401

    if sys.argv[1] == "pure":
        events.PARSER = yaml.SafeLoader
    trusted = Trust(["tests.payload.shop"])
    slow = sys.argv[1] == "pure"
    for name, handler in bombs(8 * 1024 if slow else 128 * 1024):
        print(json.dumps(measure(name, handler, trusted, enough=5.0 if slow else 0.3)), flush=True)
