"""Pipes that wake a sleeping process, and the pipe that tells it of its supervisor's death."""

from __future__ import annotations

import contextlib
import os


class Doorbell:
    """Any process that inherited it may ring; one process sleeps on ``fileno()``. Rings coalesce."""

    def __init__(self) -> None:
        self._hears, self._rings = os.pipe()
        os.set_blocking(self._hears, False)
        os.set_blocking(self._rings, False)

    def fileno(self) -> int:
        return self._hears

    def ring(self) -> None:
        """Never blocks, never fails: a full pipe is a bell that is already ringing."""
        with contextlib.suppress(OSError):
            os.write(self._rings, b"!")

    def silence(self) -> None:
        """Take back every ring so far."""
        with contextlib.suppress(BlockingIOError):
            while len(os.read(self._hears, 4096)) == 4096:
                pass


class Lifeline:
    """A pipe whose only writer is the supervisor: end-of-file says that it is dead, however it died."""

    def __init__(self) -> None:
        self._end, self._held = os.pipe()

    def fileno(self) -> int:
        """Readable once the supervisor is gone."""
        return self._end

    def let_go(self) -> None:
        """In every child, first thing: close the end that only the supervisor may hold."""
        with contextlib.suppress(OSError):
            os.close(self._held)
