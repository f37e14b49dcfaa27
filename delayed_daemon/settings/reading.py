"""Text to the value of one setting; command line, environment and file all pass through here."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from delayed_daemon.config import Pool
from delayed_daemon.settings.catalogue import Kind, Setting
from delayed_daemon.settings.conninfo import misfit
from delayed_daemon.settings.durations import parse_duration
from delayed_daemon.settings.pools import pool_from_mapping, pool_from_text, pool_text
from delayed_daemon.settings.sizes import parse_size

Flat = Mapping[str, str]
"""A mapping as it was written; a mapping inside it is flat, too: ``{"mail.priority": "-10"}``."""

Raw = str | Sequence[str | Flat] | Flat
"""A scalar, a list, or a mapping, as it was written."""

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
    if isinstance(value, Mapping):
        return dict(_flattened(value))
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_member(each) for each in value]
    return str(value)


def read(setting: Setting, given: Raw) -> Any:
    """The value that ``given`` means for a setting; raises `Unfit`."""
    match setting.kind:
        case "list":
            return _list(setting, given)
        case "mapping":
            return _mapping(setting, given)
        case "pools":
            return _pools(given)
    if not isinstance(given, str):
        raise Unfit(f"is a {'mapping' if isinstance(given, Mapping) else 'list'}; one value is expected")
    return _scalar(setting, setting.kind, given.strip())


def _scalar(setting: Setting, kind: Kind, text: str) -> Any:
    match kind:
        case "whole":
            return _bounded(setting, text, _whole(text))
        case "duration":
            return _bounded(setting, text, _seconds(text))
        case "size":
            return _bounded(setting, text, _bytes(text))
        case "switch":
            return _switch(text)
        case _:
            return _text(setting, text)


def quoted(text: str) -> str:
    """A value for an error message: in quotes, printable, and not longer than a line."""
    shown = text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "…"
    printable = (each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in shown)
    return '"' + "".join(printable) + '"'


def _list(setting: Setting, given: Raw) -> tuple[str, ...]:
    members = [_text(setting, each) for each in _members(given)]
    _refuse_twins(members)
    return tuple(members)


def _mapping(setting: Setting, given: Raw) -> tuple[tuple[str, Any], ...]:
    """Pairs of key and value, from a mapping, or from ``key=value`` members."""
    pairs = given.items() if isinstance(given, Mapping) else map(_pair, _members(given))
    read = [_entry(setting, key.strip(), text.strip()) for key, text in pairs]
    _refuse_twins([key for key, _ in read])
    return tuple(read)


def _refuse_twins(names: Sequence[str]) -> None:
    twice = next((each for index, each in enumerate(names) if each in names[:index]), None)
    if twice is not None:
        raise Unfit(f"{quoted(twice)} is named twice")


def _entry(setting: Setting, key: str, text: str) -> tuple[str, Any]:
    if setting.leaf and not key.endswith(f".{setting.leaf}"):
        raise Unfit(f"each entry has the form {{NAME: {{{setting.leaf}: …}}}}, or NAME.{setting.leaf}=…")
    if setting.leaf:
        key = key.removesuffix(f".{setting.leaf}")
    if setting.pattern is not None and setting.pattern.fullmatch(key) is None:
        raise Unfit(f"{quoted(key)} is not {setting.form}")
    if not text:
        raise Unfit(f"{quoted(key)} has no value")
    return key, _scalar(setting, setting.values, text)


def _pair(member: str) -> tuple[str, str]:
    key, equals, text = member.partition("=")
    if not equals:
        raise Unfit(f"{quoted(member)} is not of the form name=value")
    return key, text


def _members(given: Raw) -> Iterable[str]:
    """The members of a list of plain values, without empty ones."""
    if isinstance(given, Mapping):
        raise Unfit("is a mapping; a list is expected")
    for each in given.split(",") if isinstance(given, str) else given:
        if not isinstance(each, str):
            raise Unfit("a member of the list is not a plain value")
        if each.strip():
            yield each.strip()


def _pools(given: Raw) -> tuple[Pool, ...]:
    if isinstance(given, Mapping):
        raise Unfit("is a mapping; a list of pools is expected")
    try:
        return tuple(
            pool_from_text(each) if isinstance(each, str) else pool_from_mapping(each)
            for each in (given.split() if isinstance(given, str) else given)
        )
    except ValueError as error:
        raise Unfit(str(error)) from None


def _member(value: object) -> str | Flat:
    if isinstance(value, Pool):
        return pool_text(value)
    return dict(_flattened(value)) if isinstance(value, Mapping) else str(value)


def _flattened(mapping: Mapping[object, object], prefix: str = "") -> Iterable[tuple[str, str]]:
    for key, value in mapping.items():
        if isinstance(value, Mapping):
            yield from _flattened(value, f"{prefix}{key}.")
        elif isinstance(value, (list, tuple)):
            yield f"{prefix}{key}", ",".join(map(str, value))
        else:
            yield f"{prefix}{key}", "" if value is None else str(value)


def _whole(text: str) -> int:
    if _WHOLE.fullmatch(text) is None:
        raise Unfit(f"{quoted(text)} is not a whole number")
    return int(text)


def _seconds(text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError:
        raise Unfit(f"{quoted(text)} is not a duration: seconds, or a number with s, m, h or d") from None


def _bytes(text: str) -> int:
    try:
        return parse_size(text)
    except ValueError:
        raise Unfit(f"{quoted(text)} is not a size: bytes, or a number with k, m, g or t, as in 512m") from None


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
