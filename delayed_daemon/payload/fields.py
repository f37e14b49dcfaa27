"""The fields of dataclasses, attrs classes and pydantic models: their names, and what is in them unless given.

They are known by the attributes that their decorators and metaclass leave on the class itself; neither attrs nor
pydantic is imported here.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from dataclasses import MISSING, dataclass
from types import MemberDescriptorType
from typing import Any

from delayed_daemon.payload.definitions import ABSENT, ancestry, find_member, own_members

_CACHED_HASH = "_attrs_cached_hash"


@dataclass(frozen=True, slots=True)
class StoredField:
    """``default`` counts, too, where an instance has no value of its own; ``factory`` only where a handler has none."""

    name: str
    default: Any = ABSENT
    factory: Callable[[], Any] | None = None


def is_record(cls: type) -> bool:
    """Whether it is a dataclass, attrs class or pydantic model itself, and not only inherits from one."""
    members = own_members(cls)
    return "__dataclass_fields__" in members or "__attrs_attrs__" in members or is_model(cls)


def is_model(cls: type) -> bool:
    """Whether it is a pydantic model (version 2)."""
    return _model_fields(cls) is not None and type(find_member(cls, "__pydantic_fields_set__")) is MemberDescriptorType


def fields_of(cls: type) -> dict[str, StoredField] | None:
    """All fields by name, inherited ones too; None when it is no such class."""
    members = own_members(cls)
    models = _model_fields(cls) or {}
    if "__dataclass_fields__" in members:
        found = [
            field_of_model(each.name, models[each.name]) if each.name in models else _of_dataclass(each)
            for each in dataclasses.fields(cls)
        ]
    elif "__attrs_attrs__" in members:
        found = [_of_attrs(each) for each in members["__attrs_attrs__"]]
    elif is_model(cls):
        found = [field_of_model(name, each) for name, each in models.items()]
    else:
        return None
    return {field.name: field for field in found}


def field_of_model(name: str, field: Any) -> StoredField:
    """A field or private attribute of a pydantic model."""
    if field.default_factory is not None:
        needs_others = getattr(field, "default_factory_takes_validated_data", False)
        return StoredField(name, factory=None if needs_others else field.default_factory)
    if field.default is sys.modules["pydantic_core"].PydanticUndefined:
        return StoredField(name)
    return StoredField(name, factory=field.get_default)


def slots_of_cached_properties(cls: type) -> frozenset[str]:
    """attrs keeps the values of cached properties in further slots of its classes."""
    names: set[str] = set()
    for ancestor in ancestry(cls):
        members = own_members(ancestor)
        if "__attrs_attrs__" in members:
            slots = {name for name, member in members.items() if type(member) is MemberDescriptorType}
            names |= slots - {each.name for each in members["__attrs_attrs__"]} - {_CACHED_HASH}
    return frozenset(names)


def _model_fields(cls: type) -> dict[str, Any] | None:
    members = own_members(cls)
    fields = members.get("__pydantic_fields__", members.get("model_fields"))  # the latter before pydantic 2.10
    return fields if type(fields) is dict else None


def _of_dataclass(field: dataclasses.Field[Any]) -> StoredField:
    default = ABSENT if field.default is MISSING else field.default
    return StoredField(field.name, default, None if field.default_factory is MISSING else field.default_factory)


def _of_attrs(field: Any) -> StoredField:
    default = field.default
    attr = sys.modules["attr"]
    if default is attr.NOTHING:
        return StoredField(field.name)
    if isinstance(default, attr.Factory):
        return StoredField(field.name, factory=None if default.takes_self else default.factory)
    return StoredField(field.name, factory=lambda: default)
