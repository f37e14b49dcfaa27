"""Background jobs for Python and PostgreSQL: plain objects with a ``perform`` method.

The producing side is here; names load on first use, so that the daemon's supervisor, which
imports this package too, loads neither the database driver nor YAML.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_HOMES = {
    "adelay": "delayed_daemon.client",
    "aenqueue": "delayed_daemon.client",
    "aenqueue_many": "delayed_daemon.client",
    "asend_later": "delayed_daemon.client",
    "configure": "delayed_daemon.client",
    "delay": "delayed_daemon.client",
    "delayed": "delayed_daemon.client",
    "enqueue": "delayed_daemon.client",
    "enqueue_many": "delayed_daemon.client",
    "send_later": "delayed_daemon.client",
    "Job": "delayed_daemon.client",
    "ConfigurationError": "delayed_daemon.errors",
    "DelayedDaemonError": "delayed_daemon.errors",
    "DeserializationError": "delayed_daemon.errors",
    "InvalidJob": "delayed_daemon.errors",
    "JobNotFound": "delayed_daemon.errors",
    "MaxRunTimeExceeded": "delayed_daemon.errors",
    "SerializationError": "delayed_daemon.errors",
    "UnknownJobClass": "delayed_daemon.errors",
    "WrongState": "delayed_daemon.errors",
}

__all__ = [
    "ConfigurationError",
    "DelayedDaemonError",
    "DeserializationError",
    "InvalidJob",
    "Job",
    "JobNotFound",
    "MaxRunTimeExceeded",
    "SerializationError",
    "UnknownJobClass",
    "WrongState",
    "adelay",
    "aenqueue",
    "aenqueue_many",
    "asend_later",
    "configure",
    "delay",
    "delayed",
    "enqueue",
    "enqueue_many",
    "send_later",
]

if TYPE_CHECKING:
    from delayed_daemon.client import (
        Job,
        adelay,
        aenqueue,
        aenqueue_many,
        asend_later,
        configure,
        delay,
        delayed,
        enqueue,
        enqueue_many,
        send_later,
    )
    from delayed_daemon.errors import (
        ConfigurationError,
        DelayedDaemonError,
        DeserializationError,
        InvalidJob,
        JobNotFound,
        MaxRunTimeExceeded,
        SerializationError,
        UnknownJobClass,
        WrongState,
    )


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)
