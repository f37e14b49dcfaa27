"""A method call put off until later, as a job."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType, MethodType, ModuleType
from typing import Any

from delayed_daemon.errors import InvalidJob
from delayed_daemon.payload.decorated import BoundDecorated, undecorated
from delayed_daemon.payload.definitions import find_member, full_name, is_class, is_public_method

PASSED_ON = frozenset(
    {"enqueue", "before", "success", "error", "failure", "after"}
    | {"max_attempts", "max_run_time", "reschedule_at", "queue_name", "priority"}
)
"""What a receiver that has it answers for its calls: the hooks and the settings of a job."""


class PerformableMethod:
    """One call: of a method of an object, of a static or class method of a class, or of a function.

    ``receiver`` is the object, the class or the function; ``method`` is None for a function. A module given as
    receiver, or a bound method, is taken apart into these. Raises `InvalidJob` when there is no such public
    method, or when it does not take these arguments.
    """

    __slots__ = ("args", "kwargs", "method", "receiver")

    def __init__(
        self,
        receiver: Any,
        method: str | None = None,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        self.receiver, self.method = _addressed(receiver, method)
        self.args = tuple(args)
        self.kwargs = dict(kwargs or {})
        self._refuse_wrong_arguments()

    @classmethod
    def revived(
        cls, receiver: Any, method: str | None, args: Sequence[Any], kwargs: dict[str, Any]
    ) -> PerformableMethod:
        """A call as it was stored. Whether the arguments still fit shows when it is performed."""
        call = object.__new__(cls)
        call.receiver, call.method, call.args, call.kwargs = receiver, method, tuple(args), kwargs
        return call

    def perform(self) -> Any:
        return self.target(*self.args, **self.kwargs)

    @property
    def target(self) -> Callable[..., Any]:
        """What is called."""
        called: Callable[..., Any] = self.receiver if self.method is None else getattr(self.receiver, self.method)
        return called

    @property
    def owner(self) -> type:
        """The class whose method is called."""
        return self.receiver if is_class(self.receiver) else type(self.receiver)

    @property
    def full_name(self) -> str:
        """The name that the handler's tag has: of the function, or of the method through its class."""
        return full_name(self.receiver) if self.method is None else f"{full_name(self.owner)}.{self.method}"

    @property
    def display_name(self) -> str:
        """``Class#method`` of an object, ``Class.method`` of a class, ``module.function``."""
        if self.method is None:
            return self.full_name
        return f"{self.owner.__qualname__}{'.' if is_class(self.receiver) else '#'}{self.method}"

    def __getattr__(self, name: str) -> Any:
        if name in PASSED_ON and not self._is_for_instances(name):
            return getattr(self.receiver, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __eq__(self, other: object) -> bool:
        if type(other) is not PerformableMethod:
            return NotImplemented
        return (self.receiver, self.method, self.args, self.kwargs) == (
            other.receiver,
            other.method,
            other.args,
            other.kwargs,
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.display_name}>"

    def _is_for_instances(self, name: str) -> bool:
        """A class as the receiver has its instances' methods and properties too: they are not its own to answer."""
        if not is_class(self.receiver):
            return False
        member = find_member(self.receiver, name)
        return isinstance(member, FunctionType | property)

    def _refuse_wrong_arguments(self) -> None:
        try:
            signature = inspect.signature(self.target)
        except (TypeError, ValueError):
            return  # written in C: its parameters are known to itself alone
        try:
            signature.bind(*self.args, **self.kwargs)
        except TypeError as error:
            raise InvalidJob(f"{self.display_name}: {error}") from None


def _addressed(receiver: Any, method: str | None) -> tuple[Any, str | None]:
    """Receiver and method with modules and bound methods taken apart."""
    if isinstance(receiver, ModuleType) and method is not None:
        return _function(vars(receiver).get(method), f"{receiver.__name__}.{method}"), None
    if isinstance(receiver, MethodType | BoundDecorated) and method is None:
        receiver, method = receiver.__self__, receiver.__name__
    if method is None:
        return _function(receiver, getattr(receiver, "__qualname__", type(receiver).__qualname__)), None
    _refuse_missing_method(receiver, method)
    return receiver, method


def _function(found: Any, name: str) -> FunctionType:
    found = undecorated(found)
    if type(found) is not FunctionType:
        raise InvalidJob(f"{name} is not a function of a module")
    if found.__name__.startswith("_"):
        raise InvalidJob(f"{name}: names that start with an underscore cannot be called later")
    around = found.__qualname__.rpartition(".")[0]
    if around and not around.endswith("<locals>"):
        raise InvalidJob(f"{name} is a method: give its object or class, and its name")
    return found


def _refuse_missing_method(receiver: Any, method: str) -> None:
    if method.startswith("_"):
        raise InvalidJob(f"{method}: names that start with an underscore cannot be called later")
    if is_class(receiver):
        if type(find_member(receiver, method)) not in (staticmethod, classmethod):
            raise InvalidJob(f"{receiver.__qualname__} has no static or class method {method!r}")
    elif not is_public_method(type(receiver), method):
        raise InvalidJob(f"{type(receiver).__qualname__} has no method {method!r}")
