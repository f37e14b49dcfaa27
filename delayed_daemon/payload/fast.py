"""Text → tree without a YAML parser, for what most handlers are: one tag before one JSON object.

Whatever is unusual is left to the parser, which reads it or says what is wrong. What both read, both read alike.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from delayed_daemon.payload.limits import DEEPEST, MOST_DIGITS, MOST_NODES

_HEAD = re.compile(r"!(job|call):([A-Za-z_][A-Za-z0-9_.]*) +(?=\{)")
_READ_OTHERWISE = re.compile("[\ud800-\udfff\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_LONG_INTEGER = re.compile(rf"(?<!\d)\d{{{MOST_DIGITS + 1}}}", re.ASCII)
_NEITHER_BRACKET_NOR_QUOTE = bytes(set(range(256)) - set(b'[]{}"'))
_TOO_MANY_AT_ONCE = b"[" * (DEEPEST + 1)
_BRACES_AS_BRACKETS = bytes.maketrans(b"{}", b"[]")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise ValueError("duplicate key")
    return mapping


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


_decode = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant).raw_decode


def read_fast(handler: str) -> tuple[str, str, dict[str, Any]] | None:
    """``job`` or ``call``, the name, and the body; None when the parser must look at it.

    The handler is at most `MOST_BYTES` long. The tree returned keeps within all the limits.
    """
    head = _HEAD.match(handler)
    if head is None or ("\\" in handler and _has_surrogate_escapes(handler)):
        return None
    if not handler.isascii() and _READ_OTHERWISE.search(handler):
        return None
    if len(handler) > 2 * DEEPEST and not _is_shallow(handler):
        return None
    if len(handler) > MOST_DIGITS and not _is_modest(handler):
        return None
    try:
        body, end = _decode(handler, head.end())
    except ValueError:
        return None
    if end != len(handler) and handler[end:].strip(" \n"):
        return None
    return head[1], head[2], body


def _is_shallow(handler: str) -> bool:
    """Whether no more than `DEEPEST` collections lie inside one another; False also where that is hard to tell.

    Few brackets settle it. Else strings without brackets leave nothing but their quotes, side by side; then each
    round removes the innermost collections. All of it is done by loops written in C.
    """
    if _openers(handler) <= DEEPEST:
        return True
    if "\\" in handler:
        return False
    skeleton = handler.encode().translate(_BRACES_AS_BRACKETS, _NEITHER_BRACKET_NOR_QUOTE).replace(b'""', b"")
    if b'"' in skeleton or _TOO_MANY_AT_ONCE in skeleton:
        return False
    for _ in range(DEEPEST):
        skeleton = skeleton.replace(b"[]", b"")
        if not skeleton:
            return True
    return False


def _is_modest(handler: str) -> bool:
    """Whether there are surely no more than `MOST_NODES` nodes and no integers of more than `MOST_DIGITS` digits."""
    if len(handler) > MOST_NODES and _most_nodes(handler) > MOST_NODES:
        return False
    interpreter_refuses = 0 < sys.get_int_max_str_digits() <= MOST_DIGITS
    return interpreter_refuses or not _LONG_INTEGER.search(handler)


def _openers(handler: str) -> int:
    return handler.count("{") + handler.count("[")


def _most_nodes(handler: str) -> int:
    return 1 + _openers(handler) + handler.count(",") + handler.count(":")


def _has_surrogate_escapes(handler: str) -> bool:
    return "\\ud" in handler or "\\uD" in handler
