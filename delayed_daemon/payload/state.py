"""An object's state as a mapping, and an object from such a mapping: none of its code runs either way.

What counts as state: of a dataclass every field, ``init=False`` ones too; of any other class all that its
instances keep in ``__dict__`` and ``__slots__``. Left out of both are the values of `functools.cached_property`, which
are computed again, and the note that `typing` leaves on instances of ``Generic[T]``. A class that inherits from a
dataclass without being one itself is "any other class".
"""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from enum import Enum
from functools import cached_property, lru_cache
from types import BuiltinFunctionType, GetSetDescriptorType, MemberDescriptorType
from typing import Any

from delayed_daemon.errors import DeserializationError
from delayed_daemon.payload.definitions import ancestry, full_name, is_abstract, own_members

_allocate = object.__new__


class NoState(Exception):
    """An instance cannot be taken apart; ``field`` names the attribute at fault, or is empty."""

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field


class Shape:
    """How the instances of one class are taken apart and put together. Raises `NoState` when they cannot be."""

    __slots__ = ("_assign", "_dictionary", "_fields", "_names", "_omitted", "_order", "_slots", "cls")

    def __init__(self, cls: type) -> None:
        reason = _why_not_allocated(cls)
        if reason:
            raise NoState(reason)
        self.cls = cls
        self._dictionary = _dictionary_of(cls)
        self._assign = self._dictionary.__set__ if self._dictionary else None
        self._slots = _slots_of(cls)
        self._fields = _fields_of(cls)
        self._order = tuple(self._fields) if self._fields is not None else None
        self._names = frozenset(self._fields) if self._fields is not None else None
        self._omitted = _cached_properties_of(cls) | {"__orig_class__"}

    def state(self, instance: object) -> dict[str, Any]:
        """The instance's state, by attribute. Raises `NoState`."""
        kept = self._kept(instance)
        if self._fields is None or (*kept,) == self._order:
            return kept
        state = {name: self._field_value(field, kept) for name, field in self._fields.items()}
        for name in kept:
            if name not in self._fields:
                raise NoState("is not a field of the dataclass: declare it with field(init=False)", name)
        return state

    def revive(self, state: dict[str, Any]) -> Any:
        """A new instance in that state, which it takes over. Raises `DeserializationError`."""
        if self._names is not None and state.keys() != self._names:
            state = self._completed(state)
        instance: Any = _allocate(self.cls)
        if self._slots:
            state = self._fill_slots(instance, state)
        if self._assign is not None:
            self._assign(instance, state)
        elif state:
            raise DeserializationError(f"{self.cls.__qualname__} has no attribute {next(iter(state))!r:.100}")
        return instance

    def _kept(self, instance: object) -> dict[str, Any]:
        kept = dict(self._dictionary.__get__(instance)) if self._dictionary else {}
        for name, slot in self._slots.items():
            try:
                kept[name] = slot.__get__(instance)
            except AttributeError:
                continue
        for name in self._omitted:
            kept.pop(name, None)
        return kept

    def _field_value(self, field: Field[Any], kept: dict[str, Any]) -> Any:
        value = kept.get(field.name, field.default)
        if value is MISSING:
            raise NoState("is not set: give the field a default", field.name)
        return value

    def _completed(self, state: dict[str, Any]) -> dict[str, Any]:
        known: dict[str, Field[Any]] = self._fields or {}
        for name in state:
            if name not in known:
                raise DeserializationError(f"{self.cls.__qualname__} has no field {name!r:.100}")
        return {name: state[name] if name in state else self._default(field) for name, field in known.items()}

    def _default(self, field: Field[Any]) -> Any:
        if field.default is not MISSING:
            return field.default
        if field.default_factory is MISSING:
            raise DeserializationError(f"{self.cls.__qualname__} has no value for its field {field.name!r}")
        try:
            return field.default_factory()
        except Exception as error:
            raise DeserializationError(f"the default of {self.cls.__qualname__}.{field.name} failed") from error

    def _fill_slots(self, instance: object, state: dict[str, Any]) -> dict[str, Any]:
        """Fill the slots; the rest of the state is the instance's dictionary."""
        rest = {}
        for name, value in state.items():
            slot = self._slots.get(name)
            if slot is None:
                rest[name] = value
            else:
                slot.__set__(instance, value)
        return rest


@lru_cache(maxsize=4096)
def shape_of(cls: type) -> Shape:
    """The shape of a class, worked out once. Raises `NoState`."""
    return Shape(cls)


def _why_not_allocated(cls: type) -> str | None:
    if issubclass(cls, Enum):
        return "is an Enum, whose members are not made anew"
    if is_abstract(cls):
        return "is abstract"
    for ancestor in ancestry(cls):
        if type(own_members(ancestor).get("__new__")) is BuiltinFunctionType:
            return f"is built on {full_name(ancestor)}, which keeps its state where it cannot be read"
    return None


def _dictionary_of(cls: type) -> GetSetDescriptorType | None:
    for ancestor in ancestry(cls):
        descriptor = own_members(ancestor).get("__dict__")
        if type(descriptor) is GetSetDescriptorType:
            return descriptor
    return None


def _slots_of(cls: type) -> dict[str, MemberDescriptorType]:
    return {
        name: member
        for ancestor in reversed(ancestry(cls))
        for name, member in own_members(ancestor).items()
        if type(member) is MemberDescriptorType
    }


def _fields_of(cls: type) -> dict[str, Field[Any]] | None:
    if "__dataclass_fields__" not in own_members(cls):
        return None
    return {field.name: field for field in fields(cls)}


def _cached_properties_of(cls: type) -> frozenset[str]:
    return frozenset(
        name
        for ancestor in ancestry(cls)
        for name, member in own_members(ancestor).items()
        if isinstance(member, cached_property)
    )
