"""Text → tree by the YAML parser's events, within bounds.

Not by a YAML loader: those follow aliases and merge keys without bound, recurse without bound (libyaml's composer
overflows the C stack), and read ``no``, ``012`` and ``12:30:45`` as something else than text. Plain scalars are
read as YAML 1.2 reads them: JSON's numbers, ``true``, ``false``, ``null`` (also capitalised, ``~`` and nothing),
``.inf`` and ``.nan``; all else is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import inf, nan
from typing import Any

import yaml

from delayed_daemon.errors import DeserializationError
from delayed_daemon.payload.limits import DEEPEST, MOST_DIGITS, MOST_NODES
from delayed_daemon.payload.tree import Tagged, Tree

PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_DIRECTIVE = re.compile(r"^%", re.MULTILINE)
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF"), inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), nan),
}


def read_events(text: str) -> Tree:
    """The one document in a text. Raises `DeserializationError` whatever is wrong with it."""
    if _DIRECTIVE.search(text):
        raise _refused("directives are not allowed")
    try:
        return _Composition(yaml.parse(text, Loader=PARSER)).document()
    except DeserializationError:
        raise
    except Exception as error:  # the parsers raise more than YAMLError: ValueError, OverflowError, …
        reason = " ".join(str(error).split())
        raise DeserializationError(f"not YAML: {reason:.300}") from error


class _Composition:
    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._nodes = 0

    def document(self) -> Tree:
        self._next(yaml.StreamStartEvent)
        self._next(yaml.DocumentStartEvent)
        tree = self._node(next(self._events), 0)
        self._next(yaml.DocumentEndEvent)
        self._next(yaml.StreamEndEvent)
        return tree

    def _next(self, kind: type) -> None:
        if type(next(self._events, None)) is not kind:
            raise _refused("it is not exactly one document")

    def _node(self, event: Any, depth: int) -> Tree:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise _refused(f"more than {MOST_NODES} values")
        if event.anchor is not None:
            raise _refused("anchors and aliases are not allowed")
        if type(event) is yaml.ScalarEvent:
            return _scalar(event)
        if depth == DEEPEST:
            raise _refused(f"nested deeper than {DEEPEST} levels")
        content = self._sequence(depth) if type(event) is yaml.SequenceStartEvent else self._mapping(depth)
        return content if event.tag is None else Tagged(_own_tag(event.tag), content)

    def _sequence(self, depth: int) -> list[Tree]:
        items = []
        while type(event := next(self._events)) is not yaml.SequenceEndEvent:
            items.append(self._node(event, depth + 1))
        return items

    def _mapping(self, depth: int) -> dict[str, Tree]:
        mapping: dict[str, Tree] = {}
        while type(event := next(self._events)) is not yaml.MappingEndEvent:
            key = self._key(event)
            if key in mapping:
                raise _refused(f"the key {key!r:.100} is there twice")
            mapping[key] = self._node(next(self._events), depth + 1)
        return mapping

    def _key(self, event: Any) -> str:
        self._nodes += 1
        if type(event) is not yaml.ScalarEvent or event.anchor is not None or event.tag is not None:
            raise _refused("a key that is not text")
        return _text(event.value)


def _scalar(event: Any) -> Tree:
    text = _text(event.value)
    if event.tag is not None:
        return Tagged(_own_tag(event.tag), text)
    return text if event.style else _resolved(text)


def _resolved(text: str) -> Tree:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        if len(text) - text.startswith("-") > MOST_DIGITS:
            raise _refused(f"an integer of more than {MOST_DIGITS} digits")
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _text(value: str) -> str:
    """Raises `UnicodeEncodeError` for the surrogates that the parser in pure Python makes of escapes."""
    if not value.isascii():
        value.encode()
    return value


def _own_tag(tag: str) -> str:
    if not tag.startswith("!"):
        raise _refused(f"the tag {tag!r:.100} is not allowed")
    return tag[1:]


def _refused(reason: str) -> DeserializationError:
    return DeserializationError(f"not a handler: {reason}")
