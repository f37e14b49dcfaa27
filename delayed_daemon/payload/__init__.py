"""All YAML: payloads to handler text and back. Run by whoever enqueues and by the worker that performs.

May import the vocabulary, PyYAML and the standard library. Never imports a module, nor runs a line, that a text names.
"""

from delayed_daemon.payload.call import PerformableMethod
from delayed_daemon.payload.decorated import BoundDecorated, Decorated, Wrapped
from delayed_daemon.payload.handler import dump, load
from delayed_daemon.payload.references import ReferenceKind
from delayed_daemon.payload.trust import Trust

__all__ = [
    "BoundDecorated",
    "Decorated",
    "PerformableMethod",
    "ReferenceKind",
    "Trust",
    "Wrapped",
    "dump",
    "load",
]
