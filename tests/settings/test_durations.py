from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delayed_daemon.settings import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("15m", 900), ("4h", 14400), ("30d", 2592000), ("0.5", 0.5), (".5s", 0.5), ("1.5h", 5400),
     ("0", 0), (" 4 h ", 14400)],
)  # fmt: skip
def test_durations_as_people_write_them(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "s", "4w", "-1", "+1", "1e3", "nan", "inf", "1h30m", "4 hours", "٣", "1_0", "1,5"]
)
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError):
        parse_duration(text)


@given(st.integers(0, 10**12).map(lambda microseconds: microseconds / 1e6))
def test_what_is_shown_reads_back_as_the_same_number(seconds):
    assert parse_duration(format_duration(seconds)) == seconds


def test_whole_units_are_shown_as_such():
    assert [format_duration(each) for each in (0, 0.05, 25, 60, 14400, 86400, 90)] == [
        "0s", "0.05s", "25s", "1m", "4h", "1d", "90s",
    ]  # fmt: skip
