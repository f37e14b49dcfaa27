"""Payload → handler text, and back."""

from __future__ import annotations

from collections.abc import Iterable

from delayed_daemon.errors import DeserializationError
from delayed_daemon.payload.call import PerformableMethod
from delayed_daemon.payload.emit import emit
from delayed_daemon.payload.events import read_events
from delayed_daemon.payload.fast import read_fast
from delayed_daemon.payload.flatten import Flattening
from delayed_daemon.payload.limits import MOST_BYTES
from delayed_daemon.payload.references import ReferenceKind
from delayed_daemon.payload.revive import Revival, revive_call
from delayed_daemon.payload.trust import Trust


def dump(payload: object, references: Iterable[ReferenceKind] = ()) -> str:
    """The handler text of an object with ``perform`` or of a `PerformableMethod`: one line, at most 1 MiB of UTF-8.

    Raises `InvalidJob` when it is no job or nothing could find its class again, and `SerializationError`, naming
    the place, when a value in it cannot be stored. What is written, `load` reads where its classes are trusted.
    """
    flattening = Flattening(references)
    tree = flattening.call(payload) if type(payload) is PerformableMethod else flattening.job(payload)
    return emit(tree, flattening.is_json)


def load(handler: str, trust: Trust) -> object:
    """The payload that a handler text describes, in bounded time and memory, whoever wrote it.

    Raises `UnknownJobClass` when it names what is not here or not trusted, `DeserializationError` for everything
    else that is wrong with it, and nothing else; except for what loading a reference raises.
    """
    if len(handler) > MOST_BYTES // 4 and _size(handler) > MOST_BYTES:
        raise DeserializationError(f"not a handler: more than {MOST_BYTES} bytes")
    try:
        read = read_fast(handler)
        if read is None:
            return Revival(trust).payload(read_events(handler))
        kind, name, body = read
        return trust.job(name).revive(body) if kind == "job" else revive_call(name, body, trust)
    except RecursionError:
        raise DeserializationError("the stack is too deep already to read a handler") from None


def _size(text: str) -> int:
    """At least the bytes of its UTF-8; cheap where it is far too long."""
    if text.isascii() or len(text) > MOST_BYTES:
        return len(text)
    return len(text.encode(errors="replace"))
