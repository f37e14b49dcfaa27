"""What the shop is told by its environment."""

from __future__ import annotations

import os


def smtp_address() -> tuple[str, int]:
    """Host and port of the mail server: ``SHOP_SMTP``, as in ``localhost:25``."""
    host, _, port = os.environ.get("SHOP_SMTP", "localhost:25").rpartition(":")
    return host, int(port)


def database_url() -> str:
    """The shop's own tables are in the database that ``DATABASE_URL`` names."""
    return os.environ["DATABASE_URL"]
