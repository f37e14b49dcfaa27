"""Text to the value of one setting; command line, environment and file all pass through here."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any

from delayed_daemon.settings.catalogue import Setting
from delayed_daemon.settings.conninfo import misfit
from delayed_daemon.settings.durations import parse_duration

Raw = str | Sequence[str]
"""A scalar as it was written, or the members of a list."""

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_SWITCH = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}
_LONGEST_QUOTE = 80


class Unfit(ValueError):
    """A value that a setting cannot have; the message quotes it, unless it is secret."""


def raw(value: object) -> Raw:
    """A value from Python code or the command line as the text that `read` expects."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple, set, frozenset)):
        return [str(each) for each in value]
    return str(value)


def read(setting: Setting, given: Raw) -> Any:
    """The value that ``given`` means for a setting; raises `Unfit`."""
    if setting.kind == "list":
        return _list(setting, given)
    if not isinstance(given, str):
        raise Unfit("is a list; one value is expected")
    text = given.strip()
    match setting.kind:
        case "whole":
            return _bounded(setting, text, _whole(text))
        case "duration":
            return _bounded(setting, text, _seconds(text))
        case "switch":
            return _switch(text)
        case "text":
            return _text(setting, text)


def quoted(text: str) -> str:
    """A value for an error message: in quotes, printable, and not longer than a line."""
    shown = text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "…"
    printable = (each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in shown)
    return '"' + "".join(printable) + '"'


def _list(setting: Setting, given: Raw) -> tuple[str, ...]:
    members = [each.strip() for each in (given.split(",") if isinstance(given, str) else given)]
    members = [_text(setting, each) for each in members if each]
    twice = next((each for index, each in enumerate(members) if each in members[:index]), None)
    if twice is not None:
        raise Unfit(f"{quoted(twice)} is named twice")
    return tuple(members)


def _whole(text: str) -> int:
    if _WHOLE.fullmatch(text) is None:
        raise Unfit(f"{quoted(text)} is not a whole number")
    return int(text)


def _seconds(text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError:
        raise Unfit(f"{quoted(text)} is not a duration: seconds, or a number with s, m, h or d") from None


def _bounded(setting: Setting, text: str, value: float) -> float:
    if setting.least is not None and value < setting.least:
        raise Unfit(f"{quoted(text)} is less than {setting.text(setting.least)}, the least allowed")
    if setting.most is not None and value > setting.most:
        raise Unfit(f"{quoted(text)} is more than {setting.text(setting.most)}, the most allowed")
    return value


def _switch(text: str) -> bool:
    value = _SWITCH.get(text.lower())
    if value is None:
        raise Unfit(f"{quoted(text)} is neither yes nor no (nor true, false, on, off, 1, 0)")
    return value


def _text(setting: Setting, text: str) -> str:
    if not text:
        raise Unfit("is empty")
    if setting.secret:
        return _address(text)
    if not text.isprintable():
        raise Unfit(f"{quoted(text)} has control characters or is not UTF-8")
    if setting.choices and text not in setting.choices:
        raise Unfit(f"{quoted(text)} is not one of {', '.join(setting.choices)}")
    if setting.pattern is not None and setting.pattern.fullmatch(text) is None:
        raise Unfit(f"{quoted(text)} is not {setting.form}")
    return os.path.abspath(os.path.expanduser(text)) if setting.path else text  # noqa: PTH100, PTH111


def _address(text: str) -> str:
    problem = misfit(text)
    if problem is not None:
        raise Unfit(problem)
    if not text.replace("\n", " ").isprintable():
        raise Unfit("has control characters or is not UTF-8")
    return text
