"""Smart collections: a collection has rules, and a job works out which products meet them.

The rules are one view, ``shop_matches``, which says who belongs where; the jobs make the table ``shop_collected``
the same. One job does it for products that changed, another for a collection whose rules did.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import psycopg

from delayed_daemon import enqueue
from shop import database

# Rules and products stay as they are from our reading to our commit; always in this order, collections first.
_HOLD_COLLECTIONS = "SELECT FROM shop_collections WHERE shop = %s ORDER BY id FOR SHARE"
_HOLD_PRODUCTS = "SELECT FROM shop_products WHERE shop = %s AND sku = ANY(%s) ORDER BY sku FOR SHARE"
_TAKE_OUT = """
    DELETE FROM shop_collected d
    WHERE shop = %(shop)s AND sku = ANY(%(skus)s) AND (%(collection)s::bigint IS NULL OR collection = %(collection)s)
      AND NOT EXISTS (SELECT FROM shop_matches m WHERE m.collection = d.collection AND m.sku = d.sku)
"""
_PUT_IN = """
    INSERT INTO shop_collected (collection, shop, sku)
    SELECT collection, shop, sku FROM shop_matches
    WHERE shop = %(shop)s AND sku = ANY(%(skus)s) AND (%(collection)s::bigint IS NULL OR collection = %(collection)s)
    ORDER BY collection, sku
    ON CONFLICT DO NOTHING
"""
_HOLD_COLLECTION = "SELECT shop, version, done_up_to FROM shop_collections WHERE id = %s FOR NO KEY UPDATE"
_NEXT_PRODUCTS = "SELECT sku FROM shop_products WHERE shop = %s AND sku > %s ORDER BY sku LIMIT %s FOR SHARE"
_CHANGE_RULES = """
    UPDATE shop_collections
    SET tag = %s, price_below = %s, in_stock = %s, version = version + 1, done_up_to = '' WHERE id = %s
    RETURNING version
"""


@dataclass
class CollectProductsJob:
    """Puts these products into all collections whose rules they meet, and takes them out of the others."""

    shop: int
    skus: list[str]

    queue_name = "catalogue"

    def perform(self) -> None:
        with database.connect() as connection:
            connection.execute(_HOLD_COLLECTIONS, [self.shop])
            connection.execute(_HOLD_PRODUCTS, [self.shop, self.skus])
            _sort(connection, self.shop, self.skus)


@dataclass
class RebuildCollectionJob:
    """Works out a whole collection, one slice of the products at a time.

    A slice and the job for the next one are one transaction: killed before its commit, it is done again; killed
    after it, the second attempt sees by ``done_up_to`` that the slice is done, so that there is never a second
    chain of jobs. When the rules have changed again (``version``), the newer chain does all of it.
    """

    collection: int
    version: int
    after: str = ""
    size: int = 500

    queue_name = "catalogue"

    @property
    def display_name(self) -> str:
        return f"collection {self.collection}: products after {self.after or 'the start'}"

    def perform(self) -> None:
        with database.connect() as connection:
            found = connection.execute(_HOLD_COLLECTION, [self.collection]).fetchone()
            if found is None or found[1:] != (self.version, self.after):
                return
            shop = found[0]
            skus = [sku for (sku,) in connection.execute(_NEXT_PRODUCTS, [shop, self.after, self.size])]
            if skus:
                _sort(connection, shop, skus, self.collection)
                self._go_on_after(skus[-1], connection)

    def _go_on_after(self, sku: str, connection: psycopg.Connection) -> None:
        connection.execute("UPDATE shop_collections SET done_up_to = %s WHERE id = %s", [sku, self.collection])
        enqueue(RebuildCollectionJob(self.collection, self.version, sku, self.size), connection=connection)


def create_collection(connection: psycopg.Connection, shop: int, title: str) -> int:
    """A collection of everything, until `change_rules` says otherwise and fills it. Returns its number."""
    inserted = connection.execute(
        "INSERT INTO shop_collections (shop, title) VALUES (%s, %s) RETURNING id", [shop, title]
    )
    collection: int
    [(collection,)] = inserted.fetchall()
    return collection


def change_rules(
    connection: psycopg.Connection,
    collection: int,
    *,
    tag: str | None = None,
    price_below: Decimal | None = None,
    in_stock: bool | None = None,
    size: int = 500,
) -> None:
    """Give a collection these rules; once the caller's transaction commits, jobs sort all products by them."""
    changed = connection.execute(_CHANGE_RULES, [tag, price_below, in_stock, collection])
    for (version,) in changed.fetchall():
        enqueue(RebuildCollectionJob(collection, version, size=size), connection=connection)


def collected(connection: psycopg.Connection, collection: int) -> list[str]:
    """The numbers of the products in a collection."""
    rows = connection.execute("SELECT sku FROM shop_collected WHERE collection = %s ORDER BY sku", [collection])
    return [sku for (sku,) in rows]


def _sort(connection: psycopg.Connection, shop: int, skus: list[str], collection: int | None = None) -> None:
    """Make the entries of these products, which the caller holds, those of the view; of one collection, or of all."""
    which = {"shop": shop, "skus": skus, "collection": collection}
    connection.execute(_TAKE_OUT, which)
    connection.execute(_PUT_IN, which)
