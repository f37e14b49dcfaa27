"""Objects → trees. Refuses, naming the place, what could not be read back as it was.

An object that is found twice is written twice; one that contains itself is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any

from delayed_daemon.errors import InvalidJob, SerializationError
from delayed_daemon.payload.call import PerformableMethod
from delayed_daemon.payload.definitions import (
    Definition,
    find_member,
    full_name,
    is_class,
    is_method,
    why_unreachable,
)
from delayed_daemon.payload.fields import is_record
from delayed_daemon.payload.limits import DEEPEST, LONGEST_NAME, MOST_DIGITS, MOST_NODES
from delayed_daemon.payload.members import member_text
from delayed_daemon.payload.places import Place, rendered, shortest_cycle
from delayed_daemon.payload.plain import (
    fits_as_key,
    is_json_float,
    is_storable_int,
    is_storable_text,
    too_many_equal_hashes,
)
from delayed_daemon.payload.references import ReferenceKind
from delayed_daemon.payload.scalars import BY_TYPE
from delayed_daemon.payload.shapes import shape_of
from delayed_daemon.payload.state import NoState
from delayed_daemon.payload.tree import Tagged, Tree


class Flattening:
    """The flattening of one payload. ``is_json`` tells afterwards whether its body holds JSON's values only."""

    def __init__(self, references: Iterable[ReferenceKind] = ()) -> None:
        self.is_json = True
        self._references = tuple(references)
        self._nodes = 0

    def job(self, payload: object) -> Tagged:
        """The tree of an object with ``perform``. Raises `InvalidJob`, `SerializationError`."""
        if is_class(payload):
            raise InvalidJob(f"{payload.__qualname__} is a class: enqueue an instance of it")
        cls = type(payload)
        if not is_method(find_member(cls, "perform")):
            raise InvalidJob(f"{cls.__qualname__} has no perform method")
        _refuse_unreachable(cls)
        return Tagged(f"job:{full_name(cls)}", self._state(payload, (None, cls.__qualname__, payload), 0))

    def call(self, call: PerformableMethod) -> Tagged:
        """The tree of a method call. Raises `InvalidJob`, `SerializationError`."""
        place = (None, call.display_name, call)
        content: dict[str, Tree] = {}
        self._count(6, place)
        if call.method is None:
            _refuse_unreachable(call.receiver)
        else:
            _refuse_unreachable(call.owner)
            if not is_class(call.receiver):
                content["self"] = self._receiver(call.receiver, (place, "self", call.receiver))
        if call.args:
            content["args"] = self._list(call.args, (place, "args", call.args), 1)
        if call.kwargs:
            content["kwargs"] = self._mapping(call.kwargs, (place, "kwargs", call.kwargs), 1)
        return Tagged(f"call:{call.full_name}", content)

    def value(self, value: Any, place: Place, depth: int) -> Tree:
        """The tree of any storable value that lies inside ``depth`` collections."""
        kind = type(value)
        if kind is str:
            if not is_storable_text(value):
                raise _refused(place, "text with a lone surrogate cannot be stored")
        elif kind is int:
            if not is_storable_int(value):
                raise _refused(place, f"an integer of more than {MOST_DIGITS} digits cannot be stored")
        elif kind is float:
            self.is_json = self.is_json and is_json_float(value)
        elif kind is list:
            return self._list(value, place, depth)
        elif kind is dict:
            return self._dict(value, place, depth)
        elif value is not None and kind is not bool:
            self.is_json = False
            return self._tagged(value, place, depth)
        return value

    def _tagged(self, value: Any, place: Place, depth: int) -> Tagged:
        kind = type(value)
        scalar = BY_TYPE.get(kind)
        if scalar is not None:
            reason = scalar.refuse(value)
            if reason:
                raise _refused(place, reason)
            return Tagged(scalar.tag, self.value(scalar.write(value), place, depth))
        if kind is tuple:
            return Tagged("tuple", self._list(value, place, depth))
        if kind is set or kind is frozenset:
            return Tagged(kind.__name__, self._members(value, place, depth))
        for reference in self._references:
            if reference.refers(value):
                return self._reference(reference, value, place, depth)
        if issubclass(kind, Enum):
            return Tagged(f"enum:{_nested_name(kind, place)}", self.value(_member(value, place), place, depth))
        if is_record(kind):
            return Tagged(f"object:{_nested_name(kind, place)}", self._state(value, place, depth))
        raise _refused(place, f"a value of type {full_name(kind)} cannot be stored")

    def _reference(self, reference: ReferenceKind, value: Any, place: Place, depth: int) -> Tagged:
        try:
            name, content = reference.dump(value)
        except SerializationError as error:
            raise SerializationError(f"{rendered(place)}: {error}") from error
        return Tagged(f"{reference.prefix}:{name}", self.value(content, place, depth))

    def _receiver(self, receiver: Any, place: Place) -> Tree:
        """The object of a method call: its state, unless its kind is stored in another way."""
        stored_whole = isinstance(receiver, Enum) or type(receiver) in BY_TYPE
        if stored_whole or any(reference.refers(receiver) for reference in self._references):
            return self.value(receiver, place, 1)
        return self._state(receiver, place, 1)

    def _state(self, value: Any, place: Place, depth: int) -> dict[str, Tree]:
        cls: type = type(value)
        try:
            state = shape_of(cls).state(value)
        except NoState as error:
            raise _refused((place, error.field, None) if error.field else place, error.reason) from None
        return self._mapping(state, place, depth)

    def _mapping(self, mapping: dict[str, Any], place: Place, depth: int) -> dict[str, Tree]:
        """A mapping from names: attributes, keywords, or keys that can be written as such."""
        self._enter(2 * len(mapping), place, depth)
        if not _are_names(mapping):
            raise _refused(place, "it has a name that is not text or too long to be stored")
        return {
            key: value if type(value) is str and value.isascii() else self.value(value, (place, key, value), depth + 1)
            for key, value in mapping.items()
        }

    def _dict(self, mapping: dict[Any, Any], place: Place, depth: int) -> Tree:
        if _are_names(mapping):
            return self._mapping(mapping, place, depth)
        self.is_json = False
        self._enter(3 * len(mapping), place, depth + 1)
        self._refuse_equal_hashes(mapping, place)
        pairs = []
        for key, value in mapping.items():
            item = (place, key, value)
            pairs.append([self.value(key, item, depth + 2), self.value(value, item, depth + 2)])
        return Tagged("map", pairs)

    def _list(self, items: Iterable[Any], place: Place, depth: int) -> list[Tree]:
        items = tuple(items)
        self._enter(len(items), place, depth)
        return [
            item if type(item) is str and item.isascii() else self.value(item, (place, index, item), depth + 1)
            for index, item in enumerate(items)
        ]

    def _members(self, members: set[Any] | frozenset[Any], place: Place, depth: int) -> list[Tree]:
        """In order where they have one, so that equal sets are written alike."""
        self._refuse_equal_hashes(members, place)
        try:
            ordered: Iterable[Any] = sorted(members)
        except (TypeError, ArithmeticError):
            ordered = members
        return self._list(ordered, place, depth)

    def _refuse_equal_hashes(self, members: Any, place: Place) -> None:
        if too_many_equal_hashes(members):
            raise _refused(place, "too many of its members share one hash: it could not be read in bounded time")

    def _enter(self, nodes: int, place: Place, depth: int) -> None:
        self._count(nodes, place)
        if depth >= DEEPEST:
            cycle = shortest_cycle(place)
            if cycle is not None:
                raise _refused(cycle, "this object contains itself: a cycle cannot be stored")
            raise _refused(place, f"is nested deeper than {DEEPEST} levels")

    def _count(self, nodes: int, place: Place) -> None:
        self._nodes += nodes
        if self._nodes >= MOST_NODES:
            raise _refused(place, f"the job holds more than {MOST_NODES} values")


def _are_names(keys: Iterable[Any]) -> bool:
    return all(type(key) is str and fits_as_key(key) for key in keys)


def _member(member: Enum, place: Place) -> str:
    text = member_text(member)
    if text is None:
        raise _refused(place, f"{member!r:.100} is not a member that can be found again")
    return text


def _nested_name(cls: type, place: Place) -> str:
    reason = why_unreachable(cls)
    if reason:
        raise _refused(place, f"{cls.__qualname__} {reason}")
    return full_name(cls)


def _refuse_unreachable(definition: Definition) -> None:
    reason = why_unreachable(definition)
    if reason:
        raise InvalidJob(f"{definition.__qualname__} {reason}")
    if len(full_name(definition)) > LONGEST_NAME - 200:
        raise InvalidJob(f"{definition.__qualname__:.50}… is too long a name")


def _refused(place: Place, reason: str) -> SerializationError:
    return SerializationError(f"{rendered(place)}: {reason}")
