"""Values that can be stored, for hypothesis."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone
from pathlib import Path, PurePosixPath, PureWindowsPath
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import strategies as st

from tests.payload.shop import Access, Bits, Color, Level, Point

AWKWARD = "\0\t\n\r\x1b\x7f\x85\x9f\xa0\u2028\u2029\ufeff\ufffe\uffff\U0001f600\u202e\"\\/'{}[],:#&*!|>%@`- "
WORDS = [
    "",
    "~",
    "null",
    "no",
    "yes",
    "on",
    "true",
    "012",
    "0x1F",
    "12:30:45",
    "2024-01-01",
    "1_000",
    "1e5",
    ".nan",
    "<<",
    "=",
    "---",
    "...",
    "\\ud83d",
]

texts = st.one_of(st.text(max_size=20), st.text(AWKWARD, max_size=20), st.sampled_from(WORDS))
keys = st.one_of(texts, st.text("k\u00e9\x01", min_size=140, max_size=160), st.just("long" * 300))
floats = st.one_of(st.floats(), st.sampled_from([-0.0, 1e16, 1e-7, 1e22, 1.5e300, 5e-324, 0.0001, 123456.789]))
long_integers = st.builds(lambda digits, sign: sign * (10**digits - 1), st.just(4300), st.sampled_from([1, -1]))
integers = st.one_of(st.integers(), st.integers(), st.sampled_from([2**64, -1, 0]), long_integers)
offsets = st.timedeltas(min_value=timedelta(hours=-23, minutes=-59), max_value=timedelta(hours=23, minutes=59))
fixed_zones = st.one_of(
    st.just(UTC),
    offsets.map(timezone),
    st.builds(timezone, offsets, st.text(max_size=5)),
    st.integers(-10, 10).map(lambda microseconds: timezone(timedelta(microseconds=microseconds))),
)
named_zones = st.sampled_from(sorted(available_timezones() & {"Europe/Berlin", "America/St_Johns", "UTC", "Etc/GMT+5"}))
zones = st.one_of(st.none(), fixed_zones, named_zones.map(ZoneInfo))
folds = st.sampled_from([0, 0, 0, 1])
datetimes = st.builds(lambda moment, fold: moment.replace(fold=fold), st.datetimes(timezones=zones), folds)
times = st.builds(lambda moment, fold: moment.replace(fold=fold), st.times(timezones=zones), folds)
path_texts = st.text("ab./\\ é:", max_size=12)
members = st.sampled_from([*Color, *Level, *Access, Access(0), Bits(5), Bits(0), Bits(16), Bits(21)])
decimals = st.decimals().filter(lambda number: not number.is_snan())

hashable_leaves = st.one_of(
    st.none(),
    st.booleans(),
    integers,
    floats.filter(lambda number: number == number),
    texts,
    st.binary(max_size=20),
    decimals.filter(lambda number: not number.is_nan()),
    datetimes,
    times,
    st.dates(),
    st.timedeltas(),
    st.uuids(),
    members,
    path_texts.map(Path),
    path_texts.map(PurePosixPath),
    path_texts.map(PureWindowsPath).filter(lambda path: PureWindowsPath(str(path)) == path),
)
hashables = st.recursive(
    hashable_leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple), st.frozensets(inner, max_size=3), st.builds(Point, inner, inner)
    ),
    max_leaves=4,
)
json_leaves = st.one_of(st.none(), st.booleans(), integers, floats, texts)
json_values = st.recursive(
    json_leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=12,
)
values = st.recursive(
    st.one_of(json_leaves, hashable_leaves, decimals),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(keys, inner, max_size=4),
        st.dictionaries(hashables, inner, max_size=4),
        st.sets(hashables, max_size=4),
        st.frozensets(hashables, max_size=4),
        st.builds(Point, inner, inner),
    ),
    max_leaves=12,
)
