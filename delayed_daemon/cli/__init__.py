"""The command line: parses, shows, and wires the rooms together.

Run by people and service managers. Commands load when they are used: `start` becomes the
supervisor, which has neither the database driver nor YAML in its memory.
"""

from __future__ import annotations

from delayed_daemon.cli.entry import main

__all__ = ["main"]
