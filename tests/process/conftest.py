from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from delayed_daemon import configure
from delayed_daemon.embedded.server import EmbeddedServer
from tests.process.daemons import APPS, Site
from tests.servers import Database, throw_away_server

sys.path.insert(0, str(APPS))


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    """Tables, a ledger, and whatever daemons the test starts; enqueuing goes here."""
    site = Site(database, tmp_path)
    site.migrate()
    configure(database_url=database.url, schema=database.schema)
    yield site
    site.close()


@pytest.fixture
def own_server() -> Iterator[EmbeddedServer]:
    with throw_away_server() as server:
        yield server


@pytest.fixture
def own_site(own_server: EmbeddedServer, tmp_path: Path) -> Iterator[Site]:
    """A site whose server the test may stop."""
    database = Database(own_server.url, "own")
    site = Site(database, tmp_path)
    site.migrate()
    configure(database_url=database.url, schema=database.schema)
    yield site
    site.close()
    database.close()
