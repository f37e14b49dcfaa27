"""Handlers that a person, or another program, wrote."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from math import inf
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delayed_daemon.errors import DeserializationError
from delayed_daemon.payload import load
from delayed_daemon.payload.events import read_events
from delayed_daemon.payload.fast import read_fast
from delayed_daemon.payload.tree import Tagged
from tests.payload.sameness import same
from tests.payload.shop import NewsletterJob

JOB = "!job:tests.payload.shop.NewsletterJob"
ANY = "!job:tests.payload.shop.AnyJob"


@pytest.mark.parametrize(
    "handler",
    [
        f"{JOB}\ntext: hello\nemails:\n- a@example.org\n",
        f"--- {JOB}\ntext: hello\nemails: [a@example.org]\n",
        f"---\n# by hand\n{JOB}\ntext: hello\nemails:\n  - a@example.org   # the only one\n...\n",
        f"{JOB} {{text: hello, emails: [a@example.org]}}",
        f'{JOB}   {{"text": "hello",\n "emails": [\'a@example.org\']}}\n\n',
        f'{JOB}\n"text": >-\n  hello\nemails:\n- |-\n  a@example.org\n',
        f'{JOB} {{"text":"hello","emails":["a@example.org"]}} \n',
    ],
)
def test_block_and_flow_style_are_read(trust, parser, handler):
    assert load(handler, trust) == NewsletterJob("hello", ["a@example.org"])


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *(
            (word, word)
            for word in [
                "no",
                "yes",
                "on",
                "off",
                "y",
                "n",
                "012",
                "0o14",
                "0x1F",
                "12:30:45",
                "2024-01-01",
                "1_000",
                "NaN",
                "Infinity",
                "+1",
                "1.",
                ".5",
                "<<",
            ]
        ),
        *((word, None) for word in ["~", "null", "Null", "NULL", ""]),
        *((word, True) for word in ["true", "True", "TRUE"]),
        *((word, False) for word in ["false", "False", "FALSE"]),
        *(
            (word, number)
            for word, number in [
                ("1", 1),
                ("-0", 0),
                ("1e3", 1000.0),
                ("-1.5E+2", -150.0),
                (".inf", inf),
                ("-.inf", -inf),
            ]
        ),
        *((f'"{word}"', word) for word in ["no", "null", "true", "1", ".inf", "~"]),
        ("'single'", "single"),
        ("!decimal 1.10", Decimal("1.10")),
        (
            "!datetime 2024-10-27T02:30:00+01:00[Europe/Berlin]",
            datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Berlin")),
        ),
        ("!datetime 2024-10-27T02:30:00Z", datetime(2024, 10, 27, 2, 30, tzinfo=UTC)),
        ("!datetime 2024-10-27 02:30", datetime(2024, 10, 27, 2, 30)),  # noqa: DTZ001
        ("!date 2024-10-27", date(2024, 10, 27)),
        ("!time 02:30", time(2, 30)),
        ("!timedelta PT1H30M", timedelta(minutes=90)),
        ("!timedelta P-1DT0.5S", timedelta(days=-1, seconds=0.5)),
        ("!bytes aGk=", b"hi"),
        ("!set [1, 2]", {1, 2}),
        ("!map [[1, a], [[2], b]]", DeserializationError),
        ("!map [[!tuple [2], b]]", {(2,): "b"}),
        ("!tuple []", ()),
        ("{1: a, true: b, ~: c}", {"1": "a", "true": "b", "~": "c"}),
    ],
)
def test_plain_words_are_text_unless_json_has_them(trust, parser, written, value):
    if value is DeserializationError:
        with pytest.raises(DeserializationError):
            load(f"{ANY}\nvalue: {written}\n", trust)
    else:
        assert same(load(f"{ANY}\nvalue: {written}\n", trust).value, value)


@pytest.mark.parametrize(
    "handler",
    [
        "",
        " ",
        "# nothing",
        "null",
        "[]",
        "{}",
        "!job",
        "!job {}",
        "!job: {}",
        f"{JOB}",
        f"{JOB} []",
        f"{JOB} text",
        f"{JOB}{{}}",
        f"{JOB} {{}} {{}}",
        f"{JOB} {{}}\n---\n{JOB} {{}}",
        f"%YAML 1.1\n---\n{JOB} {{}}",
        f"%TAG ! tag:example.org,2024:\n---\n{JOB} {{}}",
        f'{JOB} {{"text": "a", "text": "b"}}',
        f"{JOB}\ntext: a\ntext: b\n",
        f'{JOB} {{"text": "\\ud83d"}}',
        f'{JOB} {{"text": "\\ud83d\\ude00"}}',
        f'{JOB} {{"text": "\\uDC00"}}',
        f"{JOB} &a {{}}",
        f"&a {JOB} {{text: b}}",
        f"{JOB} {{text: &a b, emails: [*a]}}",
        f"{JOB} {{text: a, <<: {{emails: []}}, <<: {{}}}}",
        f"{JOB} {{? [a] : b}}",
        f"{JOB} {{!x a: b}}",
        f"{JOB} {{text: !!str a}}",
        f"{JOB} {{text: !!python/object/apply:os.system [true]}}",
        f"{JOB} {{text: !ruby/object:Object {{}}}}",
        f"{JOB} {{text: ! a}}",
        f"{JOB} {{text: !<tag:yaml.org,2002:str> a}}",
        f"{JOB} {{text: {JOB} {{text: a}}}}",
        f"{JOB} {{text: !datetime soon}}",
        f"{JOB} {{text: !datetime 2024-01-01T00:00[../../etc/passwd]}}",
        f"{JOB} {{text: !datetime 2024-01-01T00:00[No/Where]}}",
        f"{JOB} {{text: !datetime '2024-01-01T00:00[tzname=x]'}}",
        f"{JOB} {{text: !datetime [2024]}}",
        f"{JOB} {{text: !timedelta P}}",
        f"{JOB} {{text: !timedelta P999999999999D}}",
        f"{JOB} {{text: !timedelta P999999999DT999999999H}}",
        f"{JOB} {{text: !decimal x}}",
        f"{JOB} {{text: !decimal sNaN}}",
        f"{JOB} {{text: !uuid x}}",
        f"{JOB} {{text: !bytes '...'}}",
        f"{JOB} {{text: !set {{}}}}",
        f"{JOB} {{text: !set [1, 1]}}",
        f"{JOB} {{text: !set [[1]]}}",
        f"{JOB} {{text: !map [[1, 2], [1, 3]]}}",
        f"{JOB} {{text: !map [1]}}",
        f"{JOB} {{text: !map {{}}}}",
        f"{JOB} {{text: !tuple a}}",
        f"{JOB} {{text: !enum:tests.payload.shop.Color BLUE}}",
        f"{JOB} {{text: !enum:tests.payload.shop.Access '99'}}",
        f"{JOB} {{text: !enum:tests.payload.shop.Access READ|}}",
        f"{JOB} {{text: !enum:tests.payload.shop.Access [READ]}}",
        f"{JOB} {{text: !object:tests.payload.shop.Point [1]}}",
        f"{JOB} {{text: !object:tests.payload.shop.Point {{}}}}",
        f"{JOB} {{text: !unknown a}}",
        f"{JOB} {{text: !path:SomePath a}}",
        f"{JOB} {{text: {'1' * 4301}}}",
        f'{JOB} {{"text": {"1" * 4301}}}',
        f"{JOB} {{text: !decimal {'1' * 4301}}}",
        f'{JOB} {{"text": "a\x00b"}}',
        f'{JOB} {{"text": "a\ud800b"}}',
        "!job:" + "a" * 2000 + " {}",
        "!job:" + "a." * 2000 + "b {}",
    ],
    ids=lambda handler: ascii(handler[:60]),
)
def test_anything_else_cannot_be_read(trust, parser, handler):
    with pytest.raises(DeserializationError):
        load(handler, trust)


json_texts = st.recursive(
    st.one_of(
        st.sampled_from(
            ["null", "true", "false", "1", "-0", "0.5", "1e5", "1E+2", "-1.5e-3", "1e999", "12345678901234567890"]
        ),
        st.text(" \t\n\r\"\\/\x7f\x85\u2028\ufeff\U0001f600ab#:{}[],'", max_size=8).map(lambda text: json.dumps(text)),
        st.text(" \\/nu0045dD83'a\"\x85\u2028\ufeff\x7f\U0001f600\t", max_size=8).map(lambda text: f'"{text}"'),
    ),
    lambda inner: st.one_of(
        st.lists(st.tuples(st.sampled_from(["", " ", "\n", "\t"]), inner), max_size=4).map(
            lambda items: "[" + ",".join(space + item for space, item in items) + "]"
        ),
        st.lists(
            st.tuples(st.sampled_from(['"a"', '"b"', '"<<"', '"1"']), st.sampled_from([":", ": ", " :", ":\n"]), inner),
            max_size=3,
        ).map(lambda items: "{" + ", ".join(map("".join, items)) + "}"),
    ),
    max_leaves=8,
)


@given(text=json_texts, end=st.sampled_from(["", " ", "\n", "\n\n", " #", "\n...", "\n---", "x", "\x85", "\u2028"]))
def test_what_both_paths_read_they_read_alike(parser, text, end):
    handler = f'!job:shop.AnyJob {{"value": {text}}}{end}'
    fast = read_fast(handler)
    if fast is None:
        return
    try:
        slow = read_events(handler)
    except DeserializationError:
        return
    assert same(slow, Tagged(f"{fast[0]}:{fast[1]}", fast[2]))
