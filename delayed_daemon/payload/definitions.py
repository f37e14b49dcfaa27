"""Classes, functions and methods looked at without running any code of theirs.

Ordinary attribute access runs module ``__getattr__``, properties, metaclass methods and lazy imports. Here
everything is read from the dictionaries that the interpreter itself keeps.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partialmethod
from types import BuiltinFunctionType, FunctionType, MappingProxyType, ModuleType
from typing import Any, Final, TypeGuard

from delayed_daemon.payload.decorated import undecorated

ABSENT: Final = object()

Definition = type | FunctionType

_module_dict = vars(ModuleType)["__dict__"].__get__
_class_dict = vars(type)["__dict__"].__get__
_class_module = vars(type)["__module__"].__get__
_class_qualname = vars(type)["__qualname__"].__get__
_class_mro = vars(type)["__mro__"].__get__
_class_flags = vars(type)["__flags__"].__get__
_ABSTRACT = 1 << 20
_METHODS = frozenset({FunctionType, BuiltinFunctionType, staticmethod, classmethod, partialmethod})


def is_class(value: object) -> TypeGuard[type]:
    return issubclass(type(value), type)


def is_definition(value: object) -> TypeGuard[Definition]:
    return type(value) is FunctionType or is_class(value)


def own_members(cls: type) -> MappingProxyType[str, Any]:
    members: MappingProxyType[str, Any] = _class_dict(cls)
    return members


def ancestry(cls: type) -> tuple[type, ...]:
    """The class and what it inherits from, nearest first, without ``object``."""
    mro: tuple[type, ...] = _class_mro(cls)
    return mro[:-1]


def is_abstract(cls: type) -> bool:
    return bool(_class_flags(cls) & _ABSTRACT)


def home_of(definition: Definition) -> tuple[str, str]:
    """The module and the dotted name inside it under which a class or function says it was defined."""
    if type(definition) is FunctionType:
        module, qualname = definition.__module__, definition.__qualname__
    else:
        module, qualname = _class_module(definition), _class_qualname(definition)
    return (module if type(module) is str else "?"), qualname


def full_name(definition: Definition) -> str:
    return ".".join(home_of(definition))


def look_up(module: str, qualname: str) -> object:
    """What an already imported module holds under a dotted name, undecorated; or ABSENT."""
    namespace = _namespace(sys.modules.get(module))
    first, *rest = qualname.split(".")
    value = namespace.get(first, ABSENT)
    for name in rest:
        if not is_class(value):
            return ABSENT
        value = own_members(value).get(name, ABSENT)
    return undecorated(value)


def find_member(cls: type, name: str) -> object:
    """The raw attribute of a class or what it inherits from, ``object`` apart, undecorated; or ABSENT."""
    for ancestor in ancestry(cls):
        members = own_members(ancestor)
        if name in members:
            return undecorated(members[name])
    return ABSENT


def is_method(member: object) -> bool:
    """Whether a raw class attribute is a method: not a property, a nested class, or data that can be called."""
    kind = type(member)
    if kind in _METHODS:
        return True
    if is_class(member) or member is ABSENT:
        return False
    return _has(kind, "__get__") and _has(kind, "__call__") and not _has(kind, "__set__")


def is_public_method(cls: type, name: str) -> bool:
    return not name.startswith("_") and is_method(find_member(cls, name))


def why_unreachable(definition: Definition) -> str | None:
    """Why no other process could find this class or function by its name; None when it could."""
    module, qualname = home_of(definition)
    if module == "__main__":
        return "is defined in __main__, where the daemon cannot find it: move it into a module that --app can name"
    if "<lambda>" in qualname:
        return "is a lambda, which has no name to be found by: make it a function of a module"
    if "<locals>" in qualname:
        return "is defined inside a function, where nothing else can find it: move it to the top of its module"
    if look_up(module, qualname) is not definition:
        return f"is not what {module}.{qualname} names, so it could not be found again"
    return None


def _namespace(module: object) -> Mapping[str, object]:
    try:
        namespace = _module_dict(module)
    except TypeError:
        return {}
    return namespace if type(namespace) is dict else {}


def _has(kind: type, name: str) -> bool:
    return find_member(kind, name) is not ABSENT
