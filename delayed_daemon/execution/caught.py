"""The one place that catches everything: whatever application code raises becomes a value."""

from __future__ import annotations

from collections.abc import Callable


def caught(call: Callable[..., object], *arguments: object) -> BaseException | None:
    """Call application code; what it raised (SystemExit and KeyboardInterrupt too), or None."""
    try:
        call(*arguments)
    except BaseException as error:  # noqa: BLE001 - no job may take the worker down
        return error
    return None
