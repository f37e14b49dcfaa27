"""Importing the application's modules."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterable
from importlib import import_module

from delayed_daemon.errors import CannotStart
from delayed_daemon.execution.caught import caught


def import_application(modules: Iterable[str]) -> None:
    """Import the modules, found from the working directory first. CannotStart with the traceback of a failing one."""
    if os.getcwd() not in sys.path:  # noqa: PTH109
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
    for module in modules:
        error = caught(import_module, module)
        if error is not None:
            raise CannotStart(f"importing {module}:\n{_outside_of_us(error)}") from error


def _outside_of_us(error: BaseException) -> str:
    """The traceback without our own frames, and importlib's, at its head."""
    lines = traceback.TracebackException.from_exception(error)
    ours = (__file__, caught.__code__.co_filename)
    kept = [frame for frame in lines.stack if frame.filename not in ours and "importlib" not in frame.filename]
    lines.stack = traceback.StackSummary.from_list(kept)
    return "".join(lines.format()).rstrip()
