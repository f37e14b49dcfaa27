"""What ``ps`` shows."""

from __future__ import annotations

import setproctitle


def name_process(role: str) -> None:
    """Show ``delayed-daemon: <role>`` as this process's title."""
    setproctitle.setproctitle(f"delayed-daemon: {role}")


def prepare() -> None:
    """Take note of the memory that titles live in; before the environment is touched."""
    setproctitle.getproctitle()
