"""Products, and what follows them: the search index and smart collections."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg

from delayed_daemon import enqueue, send_later
from shop import database as shop_database
from shop.products import SupplierFeed, SupplyJob, delete_product, save_product
from shop.search import search
from shop.smart_collections import RebuildCollectionJob, change_rules, collected, create_collection
from tests.examples.shops import Shop
from tests.process.daemons import children_of, title_of
from tests.waiting import wait_until

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def found(words: str) -> list[str]:
    with shop_database.connect() as connection:
        return search(connection, 1, words)


def members(collection: int) -> list[str]:
    with shop_database.connect() as connection:
        return collected(connection, collection)


def save(sku: str, name: str, price: str = "10", **more: object) -> None:
    with shop_database.connect() as connection:
        save_product(connection, 1, sku, name, Decimal(price), **more)


def make_collection(**rules: object) -> int:
    with shop_database.connect() as connection:
        collection = create_collection(connection, 1, "Bargains")
        change_rules(connection, collection, **rules)
    return collection


def test_a_product_is_found_by_its_newest_words_and_its_name_counts_most(shop: Shop) -> None:
    save("a", "Old name")
    save("a", "Green kettle", description="boils")
    save("b", "Cup", description="goes with a kettle")
    save("c", "Plate")
    shop.start()
    shop.wait_until_all_is_done()
    assert found("kettles") == ["a", "b"]
    assert found("old") == []
    assert found('"kettle -') == ["a", "b"]


def test_a_change_that_is_rolled_back_leaves_no_job_and_a_deleted_product_is_not_found(shop: Shop) -> None:
    with shop_database.connect() as connection:
        save_product(connection, 1, "a", "Kettle", Decimal(1))
        connection.rollback()
    assert shop.jobs() == []
    save("b", "Kettle")
    with shop_database.connect() as connection:
        delete_product(connection, 1, "b")
    assert len(shop.jobs()) == 2
    shop.start()
    shop.wait_until_all_is_done()
    assert found("kettle") == []


def test_a_product_moves_between_collections_as_it_changes(shop: Shop) -> None:
    bargains = make_collection(price_below=Decimal(5))
    save("a", "Cup", "4")
    save("b", "Pot", "9")
    shop.start()
    shop.wait_until_all_is_done()
    assert members(bargains) == ["a"]
    save("a", "Cup", "6")
    save("b", "Pot", "3")
    shop.wait_until_all_is_done()
    assert members(bargains) == ["b"]


def test_a_slice_whose_worker_is_killed_is_done_again_and_one_done_already_is_not(shop: Shop) -> None:
    for n in range(9):
        save(f"p{n}", "Cup", "4")
    shop.start()
    shop.wait_until_all_is_done()
    with psycopg.connect(os.environ["DATABASE_URL"]) as holder:
        holder.execute("SELECT FROM shop_products WHERE sku = 'p3' FOR UPDATE")
        collection = make_collection(price_below=Decimal(5), size=2)
        [job] = wait_until(
            lambda: [job for job in shop.jobs() if '"after": "p1"' in job["handler"] and job["locked_by"]],
            "the second slice begins",
        )
        killed = job["id"]
        for pid in children_of(shop.pid):
            if "worker" in title_of(pid):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: any(job["id"] == killed and job["crashes"] for job in shop.jobs()), "the death is noted")
        holder.rollback()
    shop.wait_until_all_is_done()
    enqueue(RebuildCollectionJob(collection, 1, "p1", 2))
    shop.wait_until_all_is_done()
    assert members(collection) == [f"p{n}" for n in range(9)]


def test_a_feed_changes_each_product_and_an_older_line_never_undoes_a_newer_one(shop: Shop) -> None:
    save("a", "Cup", "9")
    save("b", "Pot", "9")
    bargains = make_collection(price_below=Decimal(5), in_stock=True)
    feed = shop.directory / "feed.csv"
    feed.write_text("sku,description,price,stock\na,blue,4,7\nb,red,3,0\n")
    send_later(SupplierFeed(1), "read", str(feed), NOW)
    shop.start()
    shop.wait_until_all_is_done()
    assert (members(bargains), found("blue")) == (["a"], ["a"])
    enqueue(SupplyJob(1, "a", "stale", Decimal(99), 0, NOW - timedelta(days=1)))
    enqueue(SupplyJob(1, "b", "gold", Decimal(2), 5, NOW + timedelta(days=1)))
    shop.wait_until_all_is_done()
    assert (members(bargains), found("gold"), found("stale")) == (["a", "b"], ["b"], [])
