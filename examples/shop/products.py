"""Products change: by hand, or by a supplier's feed. Everything derived from them follows by jobs.

Each change and the jobs that it calls for are one transaction. There is no change that search and collections do not
hear of, and no job about a change that was rolled back.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import psycopg

from delayed_daemon import enqueue_many
from shop import database
from shop.search import SearchIndexJob
from shop.smart_collections import CollectProductsJob

_SAVE = """
    INSERT INTO shop_products (shop, sku, name, price, description, tags) VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (shop, sku) DO UPDATE SET name = excluded.name, price = excluded.price,
        description = excluded.description, tags = excluded.tags
"""
_SUPPLY = """
    UPDATE shop_products SET description = %s, price = %s, stock = %s, supplied_at = %s
    WHERE shop = %s AND sku = %s AND supplied_at <= %s
"""
_PRODUCTS_PER_JOB = 500


@dataclass
class SupplyJob:
    """Brings one product to what one line of a feed says.

    Performed twice, it says the same again. Performed late, after a newer feed's line, it changes nothing.
    """

    shop: int
    sku: str
    description: str
    price: Decimal
    stock: int
    as_of: datetime

    queue_name = "imports"
    max_attempts = 5

    def perform(self) -> None:
        supplied = [self.description, self.price, self.stock, self.as_of]
        with database.connect() as connection:
            if connection.execute(_SUPPLY, [*supplied, self.shop, self.sku, self.as_of]).rowcount:
                follow(connection, self.shop, [self.sku])


class SupplierFeed:
    """Prices and stock as a supplier sends them: ``send_later(SupplierFeed(1), "read", path, as_of)``."""

    def __init__(self, shop: int) -> None:
        self.shop = shop

    def read(self, path: str, as_of: datetime) -> None:
        """A job for each line of a file with the columns sku, description, price and stock: all of them, or none.

        So a line that fails is tried again alone. A line that makes no sense stops the whole feed.
        """
        with Path(path).open(newline="", encoding="utf-8") as file:
            enqueue_many(self._line(line, as_of) for line in csv.DictReader(file))

    def _line(self, line: dict[str, str], as_of: datetime) -> SupplyJob:
        price, stock = Decimal(line["price"]), int(line["stock"])
        if not (0 <= price < 10**8 and stock >= 0):
            raise ValueError(f"{line['sku']}: price {price} or stock {stock} is out of range")
        return SupplyJob(self.shop, line["sku"], line["description"], price, stock, as_of)


def save_product(
    connection: psycopg.Connection,
    shop: int,
    sku: str,
    name: str,
    price: Decimal,
    *,
    description: str = "",
    tags: Iterable[str] = (),
) -> None:
    """Add or change a product, in the caller's transaction."""
    connection.execute(_SAVE, [shop, sku, name, price, description, list(tags)])
    follow(connection, shop, [sku])


def delete_product(connection: psycopg.Connection, shop: int, sku: str) -> None:
    """It leaves search and collections with it; jobs about it that still wait will find nothing to do."""
    connection.execute("DELETE FROM shop_products WHERE shop = %s AND sku = %s", [shop, sku])


def follow(connection: psycopg.Connection, shop: int, skus: list[str]) -> None:
    """Have search and collections follow these products, once the caller's transaction commits."""
    enqueue_many(
        (job(shop, part) for part in _parts(sorted(skus)) for job in (SearchIndexJob, CollectProductsJob)),
        connection=connection,
    )


def _parts(skus: list[str]) -> Iterator[list[str]]:
    return (skus[start : start + _PRODUCTS_PER_JOB] for start in range(0, len(skus), _PRODUCTS_PER_JOB))
