"""Errors on their way into a row: whatever they say, the row can be written and read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delayed_daemon.execution.caught import caught
from delayed_daemon.execution.report import MOST_IN_SUMMARY, MOST_OCTETS, report, report_text

UNSTORABLE = {*map(chr, range(9)), *map(chr, range(11, 32)), "\x7f"}


def raised_by(call, *arguments) -> BaseException:
    error = caught(call, *arguments)
    assert error is not None
    return error


def fail(error: BaseException, cause: BaseException | None = None) -> None:
    raise error from cause


def is_fit_for_a_row(text: str) -> bool:
    return len(text.encode()) <= MOST_OCTETS and not UNSTORABLE & set(text)


def test_a_report_begins_with_class_and_message_and_then_shows_where():
    told = report(raised_by(fail, ValueError("no such mail")))

    assert told.summary == "ValueError: no such mail"
    assert told.text.startswith("ValueError: no such mail\n\nTraceback (most recent call last):\n")
    assert "in fail\n" in told.text


def test_the_summary_is_the_first_line_of_a_long_message():
    told = report(ValueError("first line\nsecond line"))

    assert told.summary == "ValueError: first line"
    assert "second line" in told.text


def test_an_error_without_a_message_is_named():
    assert report(KeyboardInterrupt()).summary == "KeyboardInterrupt: "


def test_of_ten_million_characters_head_and_tail_are_kept():
    told = report(ValueError("BEGIN" + "x" * 10_000_000 + "END"))

    assert told.summary.startswith("ValueError: BEGINxxx")
    assert len(told.summary) == MOST_IN_SUMMARY
    assert told.text.startswith("ValueError: BEGINxxx")
    assert "… cut …" in told.text
    assert told.text.rstrip().endswith("xxxEND")
    assert is_fit_for_a_row(told.text)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("filling", ["a", "a://", "https://u:p", "token ", "token='", "password=", "://", "Ab9+/", " "])
def test_a_hostile_message_does_not_keep_the_worker_busy(filling):
    """A search that starts anew at each letter takes minutes on these."""
    assert is_fit_for_a_row(report(ValueError(filling * (4_000_000 // len(filling)))).text)


@given(text=st.text())
def test_whatever_an_error_says_its_report_is_fit_for_a_row(text):
    told = report(ValueError(text))

    assert is_fit_for_a_row(told.text)
    assert is_fit_for_a_row(told.summary)
    assert "\n" not in told.summary
    assert len(told.summary) <= MOST_IN_SUMMARY


@given(letter=st.characters(), count=st.integers(MOST_OCTETS // 5, MOST_OCTETS + 10))
def test_wide_and_escaped_letters_are_counted_in_octets(letter, count):
    assert is_fit_for_a_row(report_text(letter * count).text)


@pytest.mark.parametrize("letter", ["é", "語", "🐘", "\x00", "\ud800"])
def test_a_report_that_is_cut_uses_the_room_it_has(letter):
    text = report_text(letter * MOST_OCTETS).text

    assert MOST_OCTETS - 8 <= len(text.encode()) <= MOST_OCTETS


def test_what_cannot_be_stored_or_drives_a_terminal_is_shown_escaped():
    told = report(ValueError("nul \x00, escape \x1b[2J, surrogate \udcff, return \r, tab \t."))

    assert told.summary == r"ValueError: nul \x00, escape \x1b[2J, surrogate \xdcff, return \x0d, tab " + "\t."


def raise_in_str(_self: object) -> str:
    raise SystemExit("in __str__")


class Raising(Exception):
    __str__ = raise_in_str


class NoText(Exception):
    def __str__(self) -> str:
        return 7  # type: ignore[return-value]


class Crafted(str):
    def __format__(self, spec: str) -> str:
        raise LookupError("in __format__")


class Crafty(Exception):
    def __str__(self) -> str:
        return Crafted("text")


class Nameless(type):
    def __getattribute__(cls, name: str) -> object:
        if name == "__qualname__":
            raise LookupError("in __qualname__")
        return super().__getattribute__(name)


class Unnamed(Exception, metaclass=Nameless):
    pass


@pytest.mark.parametrize(
    "error", [Raising(), NoText(), Crafty(), Unnamed("text")], ids=["raises", "int", "str", "name"]
)
def test_an_error_that_cannot_be_shown_is_reported_all_the_same(error):
    told = report(raised_by(fail, error))

    assert told.summary
    assert is_fit_for_a_row(told.text)


def test_an_error_whose_str_raises_is_still_named_and_placed():
    told = report(raised_by(fail, Raising()))

    assert told.summary == "Raising: (its message cannot be shown: SystemExit)"
    assert "in fail" in told.text


def test_every_error_of_a_group_is_shown():
    told = report(ExceptionGroup("two mails", [ValueError("first"), ExceptionGroup("more", [KeyError("second")])]))

    assert told.summary == "ExceptionGroup: two mails (2 sub-exceptions)"
    assert "ValueError: first" in told.text
    assert "KeyError: 'second'" in told.text


def test_of_a_deep_chain_of_causes_both_ends_are_kept():
    error: BaseException = ValueError("number 0")
    for number in range(1, 3000):
        error = raised_by(fail, ValueError(f"number {number}"), error)

    told = report(error)

    assert told.summary == "ValueError: number 2999"
    assert "ValueError: number 0\n" in told.text
    assert is_fit_for_a_row(told.text)


def test_a_stack_overflow_fits():
    def endless() -> None:
        endless()

    told = report(raised_by(endless))

    assert told.summary.startswith("RecursionError: maximum recursion depth exceeded")
    assert is_fit_for_a_row(told.text)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("postgresql://shop:hunter2@db/shop is down", "postgresql://shop:***@db/shop is down"),
        ("amqp://:hunter2@queue", "amqp://:***@queue"),
        ("HTTPS://me:hunter2@[::1]:8080/x", "HTTPS://me:***@[::1]:8080/x"),
        ("postgresql://shop:hun@ter2@db/shop", "postgresql://shop:***@db/shop"),
        ("host=db password=hunter2 user=shop", "host=db password=*** user=shop"),
        ("PASSWORD = 'hunter2 or 3'", "PASSWORD = ***"),
        ("pwd='hunter2", "pwd=***"),
        ('{"token": "hunter2", "id": 3}', '{"token": ***, "id": 3}'),
        ("token: hunter2", "token: ***"),
        ("access_token=hunter2&page=2", "access_token=***&page=2"),
        ("AWS_SECRET=hunter2", "AWS_SECRET=***"),
        ("X-Api-Key: hunter2", "X-Api-Key: ***"),
        ("api_key=hunter2; passwd=hunter2", "api_key=***; passwd=***"),
    ],
)
def test_secrets_are_not_stored(said, shown):
    told = report(RuntimeError(said))

    assert told.summary == f"RuntimeError: {shown}"
    assert "hunter2" not in told.text.replace(repr(said), "")
    assert "ter2" not in told.text


@pytest.mark.parametrize(
    "said",
    ["see https://example.org:8080/a@b", "5 tokens: a b c", "mailto:a@example.org", "secretary: Ada", "a://b"],
)
def test_what_is_no_secret_is_left_alone(said):
    assert report(RuntimeError(said)).summary == f"RuntimeError: {said}"
