from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delayed_daemon.settings.sizes import format_size, parse_size


@pytest.mark.parametrize(
    ("text", "octets"),
    [("512m", 512 * 2**20), ("2g", 2**31), ("300 MiB", 300 * 2**20), ("1.5G", 3 * 2**29), ("1kb", 1024), ("77", 77),
     ("77b", 77), ("1T", 2**40), (" 0.25m ", 2**18), ("0", 0)],
)  # fmt: skip
def test_sizes_as_people_write_them(text, octets):
    assert parse_size(text) == octets


@pytest.mark.parametrize(
    "text", ["", "m", "-1m", "+1", "1e9", "inf", "1p", "1 m b", "1,5g", "٣m", "1_0", ".5g", "12ib"]
)
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError):
        parse_size(text)


@given(st.integers(0, 2**60) | st.integers(0, 2**20).map(lambda kib: kib * 1024))
def test_what_is_shown_reads_back_as_the_same_number(octets):
    assert parse_size(format_size(octets)) == octets
