"""The command line: parses, shows, and wires the rooms together.

Run by people and service managers. Commands load when they are used: `start` becomes the
supervisor, which has neither the database driver nor YAML in its memory.
"""

from __future__ import annotations

import sys
from typing import NoReturn

__all__ = ["main"]

_INTERRUPTED = 130


def main() -> NoReturn:
    """Runs the command line of this process; Ctrl-C while it is still being imported ends it without a traceback."""
    try:
        from delayed_daemon.cli.entry import main as command_line

        command_line()
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
