"""``delayed-daemon jobs``: what people ask about jobs, and do to them. One module for each command.

Run by people. A command is imported when it is used.
"""

from __future__ import annotations

from delayed_daemon.cli.jobs.group import jobs

__all__ = ["jobs"]
