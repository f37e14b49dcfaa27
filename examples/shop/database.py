"""The shop's own tables."""

from __future__ import annotations

import psycopg

from shop import settings

_TABLES = """
    -- Two processes that create the same table at once would get in each other's way.
    SELECT pg_advisory_xact_lock(hashtext('shop'));
    CREATE TABLE IF NOT EXISTS shop_products (
        shop integer NOT NULL,
        sku text NOT NULL,
        name text NOT NULL,
        price numeric(10, 2) NOT NULL,
        PRIMARY KEY (shop, sku)
    );
    CREATE TABLE IF NOT EXISTS shop_orders (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        sku text NOT NULL,
        email text NOT NULL
    );
"""


def connect() -> psycopg.Connection:
    """A connection of the shop's own. As a context manager it is one transaction, and closed afterwards."""
    return psycopg.connect(settings.database_url())


def create_tables() -> None:
    with connect() as connection:
        connection.execute("SET LOCAL client_min_messages = warning")
        connection.execute(_TABLES)


def count_products() -> int:
    count: int
    with connect() as connection:
        [(count,)] = connection.execute("SELECT count(*) FROM shop_products").fetchall()
    return count
