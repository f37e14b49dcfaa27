from __future__ import annotations

from collections.abc import Iterator

import pytest

from delayed_daemon.embedded.server import EmbeddedServer
from tests.servers import Database, fresh_schema, throw_away_server


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """One throw-away PostgreSQL for all tests of this process."""
    with throw_away_server() as server:
        yield server


@pytest.fixture
def database(server: EmbeddedServer) -> Iterator[Database]:
    """A schema name of the test's own in the shared database."""
    with fresh_schema(server) as database:
        yield database
