"""A search index that follows the products: a job brings the rows of PostgreSQL's full-text search up to date.

Whoever changes a product enqueues the job in the same transaction (see `shop.products`), so none is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from shop import database

# FOR SHARE: nobody changes or deletes these products between our reading and our commit. So what is written was
# true at the commit, and of several jobs for one product, in whatever order, the last leaves the right row.
_INDEX = """
    INSERT INTO shop_search AS s (shop, sku, document)
    SELECT shop, sku,
           setweight(to_tsvector('english', left(name, 1000)), 'A')
           || setweight(to_tsvector('english', left(array_to_string(tags, ' '), 1000)), 'B')
           || setweight(to_tsvector('english', left(description, 50000)), 'C')
    FROM shop_products WHERE shop = %s AND sku = ANY(%s) ORDER BY sku FOR SHARE
    ON CONFLICT (shop, sku) DO UPDATE SET document = excluded.document WHERE s.document <> excluded.document
"""

_SEARCH = """
    SELECT sku
    FROM shop_search, websearch_to_tsquery('english', %(words)s) AS query
    WHERE shop = %(shop)s AND document @@ query
    ORDER BY ts_rank(document, query) DESC, sku LIMIT %(most)s
"""


@dataclass
class SearchIndexJob:
    """Indexes products as they are when it runs, not as they were when it was enqueued.

    It holds only their numbers. A product that is gone by then is skipped; its row in the index went with it.
    """

    shop: int
    skus: list[str]

    queue_name = "catalogue"

    def perform(self) -> None:
        with database.connect() as connection:
            connection.execute(_INDEX, [self.shop, self.skus])


def search(connection: psycopg.Connection, shop: int, words: str, *, most: int = 20) -> list[str]:
    """The numbers of the products that have these words: in the name before in a tag before in the description.

    ``words`` is what a customer types, with "quotes", or and -minus; nothing in it is an error.
    """
    rows = connection.execute(_SEARCH, {"shop": shop, "words": words, "most": most})
    return [sku for (sku,) in rows]
