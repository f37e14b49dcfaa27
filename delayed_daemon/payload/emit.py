"""Trees → text: one line of YAML that any YAML 1.1 parser reads as the value it was.

Where a tree holds JSON's values only, the body is JSON as well, and is read back as such. YAML 1.1 differs from JSON in
characters that it does not print, in floats without a dot before their exponent, and in NaN and the infinities.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import inf
from urllib.parse import quote

from delayed_daemon.errors import SerializationError
from delayed_daemon.payload.limits import MOST_BYTES
from delayed_daemon.payload.plain import encode_json, is_json_float
from delayed_daemon.payload.tree import Tagged, Tree

_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def emit(tree: Tagged, is_json: bool) -> str:
    """The handler text. ``is_json`` promises that all under the outermost tag is JSON's."""
    text = f"{_tag(tree.tag)} {encode_json(tree.content)}" if is_json else _node(tree)
    if not text.isascii() or "\x7f" in text:
        text = _UNPRINTABLE.sub(_escaped, text)
    size = len(text) if text.isascii() else len(text.encode())
    if size > MOST_BYTES:
        raise SerializationError(f"{tree.tag}: {size} bytes are more than the {MOST_BYTES} that a job may have")
    return text


def _node(tree: Tree) -> str:
    kind = type(tree)
    if kind is Tagged:
        return f"{_tag(tree.tag)} {_node(tree.content)}"
    if kind is dict:
        return "{" + ", ".join(f"{encode_json(key)}: {_node(value)}" for key, value in tree.items()) + "}"
    if kind is list:
        return "[" + ", ".join(map(_node, tree)) + "]"
    if kind is float and not is_json_float(tree):
        return _float(tree)
    return encode_json(tree)


@lru_cache(maxsize=1024)
def _tag(tag: str) -> str:
    return "!" + quote(tag, safe=":.")


def _float(number: float) -> str:
    if number != number:
        return ".nan"
    if abs(number) == inf:
        return ".inf" if number > 0 else "-.inf"
    mantissa, _, exponent = repr(number).partition("e")
    return f"{mantissa}{'' if '.' in mantissa else '.0'}e{exponent}"


def _escaped(character: re.Match[str]) -> str:
    return f"\\u{ord(character[0]):04x}"
