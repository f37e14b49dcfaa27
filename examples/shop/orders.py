"""What the web site does when a customer buys: the side that enqueues."""

from __future__ import annotations

import psycopg

from delayed_daemon import delay
from shop.jobs import send_receipt


def place_order(connection: psycopg.Connection, sku: str, email: str) -> int:
    """Write the order, and the job that mails its receipt, in the caller's transaction: both or neither.

    Receipts go before all other mail: the lower number is performed first. Returns the number of the order.
    """
    inserted = connection.execute("INSERT INTO shop_orders (sku, email) VALUES (%s, %s) RETURNING id", [sku, email])
    order: int
    [(order,)] = inserted.fetchall()
    delay(send_receipt, queue="mail", priority=-10, connection=connection)(order)
    return order
