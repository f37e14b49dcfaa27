"""``send_later`` and ``delay``: any method call of any object, as a job."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from delayed_daemon.client.asynchronous import aenqueue
from delayed_daemon.client.enqueueing import enqueue
from delayed_daemon.client.handle import Job
from delayed_daemon.payload import PerformableMethod


def send_later(receiver: object, method: str, /, *args: Any, **kwargs: Any) -> Job:
    """Call ``receiver.method(*args, **kwargs)`` in a worker. The receiver is an object, a class or a module.

    The object's state and the arguments are stored. Raises `InvalidJob` when there is no such public
    method or it does not take these arguments, `SerializationError` when something cannot be stored.
    """
    return enqueue(PerformableMethod(receiver, method, args, kwargs))


def delay(receiver: object, /, **options: Any) -> Delayed:
    """``delay(importer, queue="imports").import_csv(path)``, or ``delay(function)(argument)``.

    The options are those of `enqueue`; so is what the call returns.
    """
    return Delayed(receiver, options, enqueue)


async def asend_later(receiver: object, method: str, /, *args: Any, **kwargs: Any) -> Job:
    """As `send_later`, and the event loop goes on meanwhile."""
    return await aenqueue(PerformableMethod(receiver, method, args, kwargs))


def adelay(receiver: object, /, **options: Any) -> Delayed:
    """As `delay`, to be awaited: ``await adelay(importer, queue="imports").import_csv(path)``.

    The options are those of `aenqueue`.
    """
    return Delayed(receiver, options, aenqueue)


class Delayed:
    """Stands for a receiver; calling it, or one of its methods, enqueues the call."""

    __slots__ = ("_enqueue", "_options", "_receiver")

    def __init__(self, receiver: object, options: dict[str, Any], enqueue: Callable[..., Any]) -> None:
        self._receiver = receiver
        self._options = options
        self._enqueue = enqueue

    def __getattr__(self, method: str) -> DelayedMethod:
        if method.startswith("__"):
            raise AttributeError(method)
        return DelayedMethod(self._receiver, method, self._options, self._enqueue)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._enqueue(PerformableMethod(self._receiver, None, args, kwargs), **self._options)


class DelayedMethod:
    """A method of a `Delayed` receiver."""

    __slots__ = ("_enqueue", "_method", "_options", "_receiver")

    def __init__(self, receiver: object, method: str, options: dict[str, Any], enqueue: Callable[..., Any]) -> None:
        self._receiver = receiver
        self._method = method
        self._options = options
        self._enqueue = enqueue

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._enqueue(PerformableMethod(self._receiver, self._method, args, kwargs), **self._options)
