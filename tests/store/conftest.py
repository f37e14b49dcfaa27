from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import Database
from tests.store.sessions import Sessions


@pytest.fixture
def sessions(database: Database) -> Iterator[Sessions]:
    """A migrated schema, and as many sessions on it as a test wants."""
    sessions = Sessions(database.url, database.schema)
    try:
        yield sessions
    finally:
        sessions.close()
