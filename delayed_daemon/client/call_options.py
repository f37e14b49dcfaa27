"""The options of delayed calls: those of `enqueue`, or functions that give them when the call is put off."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypedDict, cast

import psycopg

from delayed_daemon.client.connections import AnyConnection
from delayed_daemon.client.moments import When
from delayed_daemon.client.preparing import Priority
from delayed_daemon.errors import InvalidJob
from delayed_daemon.payload import PerformableMethod


class CallOptions(TypedDict, total=False):
    """As `enqueue` has them; a function is called with the receiver when it takes an argument."""

    priority: Priority | Callable[..., Priority | None] | None
    run_at: When | Callable[..., When | None] | None
    queue: str | Callable[..., str | None] | None
    expires_at: When | Callable[..., When | None] | None
    connection: AnyConnection | Callable[..., AnyConnection | None] | None


def checked(options: Mapping[str, Any]) -> CallOptions:
    """The options, every one of them known."""
    for name in options:
        if name not in CallOptions.__annotations__:
            raise InvalidJob(f"{name}: not an option; there are {', '.join(CallOptions.__annotations__)}")
    return cast(CallOptions, options)


def settled(options: CallOptions, call: PerformableMethod, *, asynchronous: bool = False) -> dict[str, Any]:
    """The options' values for one call."""
    values = {name: _value(name, option, call) for name, option in options.items()}
    if not asynchronous and isinstance(values.get("connection"), psycopg.AsyncConnection):
        raise InvalidJob("connection: an AsyncConnection is for adelay, which is awaited")
    return values


def _value(name: str, option: Any, call: PerformableMethod) -> Any:
    if not callable(option):
        return option
    if not _needs_receiver(option):
        return option()
    if call.method is None:
        raise InvalidJob(f"{name}: {option!r:.100} takes the receiver, and the function {call.full_name} has none")
    return option(call.receiver)


def _needs_receiver(option: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(option).parameters.values()
    except (TypeError, ValueError):
        return False  # written in C, such as datetime.now
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return any(each.kind in positional and each.default is each.empty for each in parameters)
