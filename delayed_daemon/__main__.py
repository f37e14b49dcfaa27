"""``python -m delayed_daemon`` is ``delayed-daemon``."""

from __future__ import annotations

from delayed_daemon.cli import main

if __name__ == "__main__":
    main()
