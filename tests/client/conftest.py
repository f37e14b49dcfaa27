from __future__ import annotations

from collections.abc import Iterator

import pytest

from delayed_daemon import configure
from delayed_daemon.client.connections import connections
from delayed_daemon.store.connection import connect
from delayed_daemon.store.migration import migrate
from tests.servers import Database


@pytest.fixture
def table(database: Database) -> Iterator[Database]:
    connection = connect(database.url, application_name="test")
    migrate(connection, database.schema)
    connection.close()
    configure(database_url=database.url, schema=database.schema)
    yield database
    connections.drop()
