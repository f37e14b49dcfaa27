"""The shop's own tables."""

from __future__ import annotations

import psycopg

from shop import settings

_TABLES = """
    -- Two processes that create the same table at once would get in each other's way.
    SELECT pg_advisory_xact_lock(hashtext('shop'));
    -- Sorted as Python sorts, so that whoever locks several products does so in one order.
    CREATE TABLE IF NOT EXISTS shop_products (
        shop integer NOT NULL,
        sku text COLLATE "C" NOT NULL,
        name text NOT NULL,
        price numeric(10, 2) NOT NULL,
        PRIMARY KEY (shop, sku)
    );
    ALTER TABLE shop_products
        ADD COLUMN IF NOT EXISTS description text NOT NULL DEFAULT '',
        ADD COLUMN IF NOT EXISTS tags text[] NOT NULL DEFAULT '{}',
        ADD COLUMN IF NOT EXISTS stock integer NOT NULL DEFAULT 0,
        ADD COLUMN IF NOT EXISTS supplied_at timestamptz NOT NULL DEFAULT '-infinity';
    CREATE TABLE IF NOT EXISTS shop_orders (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        sku text NOT NULL,
        email text NOT NULL
    );
    CREATE TABLE IF NOT EXISTS shop_search (
        shop integer NOT NULL,
        sku text NOT NULL,
        document tsvector NOT NULL,
        PRIMARY KEY (shop, sku),
        FOREIGN KEY (shop, sku) REFERENCES shop_products ON DELETE CASCADE
    );
    CREATE INDEX IF NOT EXISTS shop_search_document ON shop_search USING gin (document);
    -- A product is in a collection when it meets each of its rules; a rule that is NULL asks nothing.
    CREATE TABLE IF NOT EXISTS shop_collections (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        shop integer NOT NULL,
        title text NOT NULL,
        tag text,
        price_below numeric(10, 2),
        in_stock boolean,
        version integer NOT NULL DEFAULT 0,
        done_up_to text NOT NULL DEFAULT ''
    );
    CREATE INDEX IF NOT EXISTS shop_collections_shop ON shop_collections (shop);
    CREATE TABLE IF NOT EXISTS shop_collected (
        collection bigint NOT NULL REFERENCES shop_collections ON DELETE CASCADE,
        shop integer NOT NULL,
        sku text NOT NULL,
        PRIMARY KEY (collection, sku),
        FOREIGN KEY (shop, sku) REFERENCES shop_products ON DELETE CASCADE
    );
    CREATE INDEX IF NOT EXISTS shop_collected_product ON shop_collected (shop, sku);
    CREATE OR REPLACE VIEW shop_matches AS
        SELECT c.id AS collection, p.shop, p.sku
        FROM shop_collections c JOIN shop_products p ON p.shop = c.shop
        WHERE (c.tag IS NULL OR c.tag = ANY (p.tags))
          AND (c.price_below IS NULL OR p.price < c.price_below)
          AND (c.in_stock IS NULL OR c.in_stock = (p.stock > 0));
    CREATE TABLE IF NOT EXISTS shop_comments (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        text text NOT NULL,
        spam boolean
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


def count_indexed() -> int:
    count: int
    with connect() as connection:
        [(count,)] = connection.execute("SELECT count(*) FROM shop_search").fetchall()
    return count
