"""What a decorator of ours leaves in the place of a function or method, so that names still lead to the latter."""

from __future__ import annotations

from types import FunctionType
from typing import Any, TypeAlias

Wrapped: TypeAlias = "FunctionType | staticmethod[..., Any] | classmethod[Any, ..., Any]"


class Decorated:
    """Stands in a module or class for ``wrapped``, a function, static or class method."""

    __slots__ = ("wrapped",)

    def __init__(self, wrapped: Wrapped) -> None:
        self.wrapped = wrapped


_wrapped = vars(Decorated)["wrapped"].__get__


def undecorated(value: object) -> object:
    """What a `Decorated` stands for, or the value itself. Read from the slot: no code of the value's class runs."""
    if not issubclass(type(value), Decorated):
        return value
    try:
        return _wrapped(value)
    except AttributeError:
        return value


class BoundDecorated:
    """A decorated method of ``__self__``, an object or class, which finds it by ``__name__``."""

    __self__: object
    __name__: str
