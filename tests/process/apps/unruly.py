"""An application that makes itself at home in its process."""

from __future__ import annotations

import signal
import sys


class Mute:
    """A stream that cannot be flushed."""

    def write(self, text: str) -> int:
        return len(text)


sys.stdout = Mute()  # type: ignore[assignment]
signal.signal(signal.SIGTERM, lambda _number, _frame: None)

from chores import *  # noqa: E402, F403
