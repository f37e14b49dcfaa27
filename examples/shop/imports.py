"""Batch imports. Nothing in the class knows of jobs: ``send_later`` and ``delay`` make one of any method call."""

from __future__ import annotations

import csv
from pathlib import Path

from shop import database
from shop.products import follow

_UPSERT = """
    INSERT INTO shop_products (shop, sku, name, price) VALUES (%s, %s, %s, %s)
    ON CONFLICT (shop, sku) DO UPDATE SET name = excluded.name, price = excluded.price
"""


class BatchImporter:
    """Brings products into one shop."""

    def __init__(self, shop: int) -> None:
        self.shop = shop

    def import_csv(self, path: str) -> None:
        """Add or change a product for each line of a file with the columns sku, name and price.

        All lines count or none, and a second time changes nothing: a job may be performed more than once.
        """
        with Path(path).open(newline="", encoding="utf-8") as file, database.connect() as connection:
            products = [(self.shop, line["sku"], line["name"], line["price"]) for line in csv.DictReader(file)]
            # In one order everywhere, so that two imports at once cannot lock each other out.
            connection.cursor().executemany(_UPSERT, sorted(products))
            follow(connection, self.shop, [sku for _, sku, _, _ in products])
