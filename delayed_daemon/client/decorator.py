"""``@delayed``: functions and methods that can also be called later, with their own signature."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from types import FunctionType
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, Unpack, cast, overload

from delayed_daemon.client.asynchronous import aenqueue
from delayed_daemon.client.call_options import CallOptions, checked, settled
from delayed_daemon.client.enqueueing import enqueue
from delayed_daemon.client.handle import Job
from delayed_daemon.client.through_class import ThroughClass
from delayed_daemon.errors import InvalidJob
from delayed_daemon.payload import BoundDecorated, Decorated, PerformableMethod, Wrapped
from delayed_daemon.payload.definitions import find_member, home_of, is_class, look_up

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
S = TypeVar("S")


class Later(Generic[P]):
    """Enqueues calls of one function or method, with options."""

    _options: CallOptions

    def delay(self, /, *args: P.args, **kwargs: P.kwargs) -> Job:
        """Enqueue a call with these arguments. Raises what `enqueue` raises, and `InvalidJob` when they do not fit."""
        call = self._call(args, kwargs)
        job: Job = enqueue(call, **settled(self._options, call))
        return job

    async def adelay(self, /, *args: P.args, **kwargs: P.kwargs) -> Job:
        """As `delay`, and the event loop goes on meanwhile."""
        call = self._call(args, kwargs)
        return await aenqueue(call, **settled(self._options, call, asynchronous=True))

    def with_options(self, /, **options: Unpack[CallOptions]) -> Later[P]:
        """The same with these options of `enqueue`, on top of those that there are."""
        return WithOptions(self, cast(CallOptions, {**self._options, **checked(options)}))

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> PerformableMethod:
        raise NotImplementedError


class WithOptions(Later[P]):
    """Another one's calls with further options."""

    def __init__(self, later: Later[P], options: CallOptions) -> None:
        self._later = later
        self._options = options

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> PerformableMethod:
        return self._later._call(args, kwargs)


class Delayable(Decorated, Later[P], Generic[P, R]):
    """What `delayed` makes of a function, or of a method before it is bound. Calling it runs the function at once."""

    def __init__(self, wrapped: Wrapped, options: CallOptions) -> None:
        super().__init__(wrapped)
        self._function = cast(FunctionType, getattr(wrapped, "__func__", wrapped))
        update_wrapper(self, self._function)
        self._options = options
        self.method = self._function.__name__

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return cast(R, self._function(*args, **kwargs))

    def __set_name__(self, owner: type, name: str) -> None:
        self.method = name

    @overload
    def __get__(self, instance: None, owner: type) -> ThroughClass[P, R]: ...
    @overload
    def __get__(
        self: Delayable[Concatenate[S, Q], R], instance: S, owner: type | None = None
    ) -> BoundDelayable[Q, R]: ...
    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if isinstance(self.wrapped, FunctionType):
            return self if instance is None else BoundDelayable(self, instance, self.wrapped.__get__(instance))
        owner = owner or type(instance)
        return BoundDelayable(self, owner, self.wrapped.__get__(None, owner))

    def __reduce__(self) -> str:
        return self._function.__qualname__

    def __repr__(self) -> str:
        return f"<delayed {'.'.join(home_of(self._function))}>"

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> PerformableMethod:
        around = self._function.__qualname__.rpartition(".")[0]
        if not around or around.endswith("<locals>"):
            return PerformableMethod(self.wrapped, None, args, kwargs)
        self._refuse_wrong_order()
        if not args:
            raise InvalidJob(
                f"{self._function.__qualname__}: called on the class, it needs the object as its first argument"
            )
        bound: BoundDelayable[..., R] = self.__get__(args[0])
        return bound._call(args[1:], kwargs)

    def _refuse_wrong_order(self) -> None:
        kind = type(look_up(*home_of(self._function)))
        if kind in (staticmethod, classmethod):
            raise InvalidJob(f"{self._function.__qualname__}: put @delayed above @{kind.__name__}")


class BoundDelayable(BoundDecorated, Later[P], Generic[P, R]):
    """A `Delayable` of an object, or of a class. Calling it runs the method at once."""

    def __init__(self, member: Delayable[..., R], receiver: object, bound: Callable[P, R]) -> None:
        self._member = member
        self._options = member._options
        self.__self__ = receiver
        self.__wrapped__ = bound
        self.__name__ = member.method
        self.__doc__ = member.__doc__

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.__wrapped__(*args, **kwargs)

    def __eq__(self, other: object) -> bool:
        return type(other) is BoundDelayable and self.__wrapped__ == other.__wrapped__

    def __hash__(self) -> int:
        return hash(self.__wrapped__)

    def __repr__(self) -> str:
        return f"<delayed {self.__wrapped__!r}>"

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> PerformableMethod:
        """A method that a subclass overrides is not what its name would lead to in the worker."""
        owner = self.__self__ if is_class(self.__self__) else type(self.__self__)
        found = find_member(owner, self.__name__)
        if found is not self._member.wrapped:
            if type(found) is classmethod:
                self._member._refuse_wrong_order()
            raise InvalidJob(f"{owner.__qualname__}.{self.__name__} is not {self._member!r}: it cannot be called later")
        return PerformableMethod(self.__self__, self.__name__, args, kwargs)


class Decorator(Protocol):
    """What ``delayed(queue=…)`` gives."""

    @overload
    def __call__(self, function: staticmethod[P, R], /) -> Delayable[P, R]: ...
    @overload
    def __call__(self, function: classmethod[S, P, R], /) -> Delayable[Concatenate[type[S], P], R]: ...
    @overload
    def __call__(self, function: Callable[P, R], /) -> Delayable[P, R]: ...


@overload
def delayed(function: staticmethod[P, R], /) -> Delayable[P, R]: ...
@overload
def delayed(function: classmethod[S, P, R], /) -> Delayable[Concatenate[type[S], P], R]: ...
@overload
def delayed(function: Callable[P, R], /) -> Delayable[P, R]: ...
@overload
def delayed(**options: Unpack[CallOptions]) -> Decorator: ...
def delayed(function: Any = None, /, **options: Unpack[CallOptions]) -> Any:
    """Give a function, method or coroutine function ``.delay(…)``, which enqueues a call with the same arguments.

    ``.adelay(…)`` is the same to be awaited, and ``.with_options(priority=5).delay(…)`` has options of its own. Those
    of the decorator, ``@delayed(queue="images", run_at=60)``, are those of `enqueue`; each may be a function, called
    at each ``.delay``, with the receiver (the object or class) when it takes an argument. Above ``@staticmethod`` and
    ``@classmethod``, not below. Raises `InvalidJob` for what could not be found again by its name.
    """
    known = checked(options)
    if function is None:
        return lambda decorated: Delayable(_wrapped(decorated), known)
    return Delayable(_wrapped(function), known)


def _wrapped(decorated: Any) -> Wrapped:
    if is_class(decorated):
        raise InvalidJob(f"delayed: {decorated.__qualname__} is a class: decorate its methods, or enqueue an instance")
    function = decorated.__func__ if type(decorated) in (staticmethod, classmethod) else decorated
    if type(function) is not FunctionType:
        raise InvalidJob(f"delayed: {decorated!r:.100} is not a function, static or class method: put @delayed on top")
    if function.__name__.startswith("_"):
        raise InvalidJob(
            f"delayed: {function.__qualname__}: names that start with an underscore cannot be called later"
        )
    return cast(Wrapped, decorated)
