from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from delayed_daemon import configure
from delayed_daemon.client.connections import connections
from delayed_daemon.store.migration import migrate
from shop import database as shop_database
from shop.mailbox import Mailbox
from tests.examples.shops import Shop
from tests.servers import Database


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    with Mailbox(tmp_path / "mails") as mailbox:
        yield mailbox


@pytest.fixture
def environment(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process enqueues into the test's schema, which has the daemon's and the shop's tables."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        migrate(connection, database.schema)
    monkeypatch.setenv("DATABASE_URL", make_conninfo(database.url, options=f"-c search_path={database.schema}"))
    shop_database.create_tables()
    configure(database_url=database.url, schema=database.schema)
    yield
    connections.drop()
    monkeypatch.undo()
    configure()


@pytest.fixture
def shop(
    database: Database, environment: None, mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    """The shop's daemon, which is told to stop after the test, and must then end in order."""
    monkeypatch.setenv("SHOP_SMTP", mailbox.address)
    shop = Shop(database, tmp_path)
    yield shop
    shop.close()
