from __future__ import annotations

from tests.client.conftest import table

__all__ = ["table"]
