"""``send_later`` and ``delay``: any method call of any object, as a job."""

from __future__ import annotations

from typing import Any

from delayed_daemon.client.enqueueing import enqueue
from delayed_daemon.job import Job
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
    return Delayed(receiver, options)


class Delayed:
    """Stands for a receiver; calling it, or one of its methods, enqueues the call."""

    __slots__ = ("_options", "_receiver")

    def __init__(self, receiver: object, options: dict[str, Any]) -> None:
        self._receiver = receiver
        self._options = options

    def __getattr__(self, method: str) -> DelayedMethod:
        if method.startswith("__"):
            raise AttributeError(method)
        return DelayedMethod(self._receiver, method, self._options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return enqueue(PerformableMethod(self._receiver, None, args, kwargs), **self._options)


class DelayedMethod:
    """A method of a `Delayed` receiver."""

    __slots__ = ("_method", "_options", "_receiver")

    def __init__(self, receiver: object, method: str, options: dict[str, Any]) -> None:
        self._receiver = receiver
        self._method = method
        self._options = options

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return enqueue(PerformableMethod(self._receiver, self._method, args, kwargs), **self._options)
