from __future__ import annotations

import socket
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

from delayed_daemon import delay, enqueue, enqueue_many, send_later
from shop import database as shop_database
from shop.imports import BatchImporter
from shop.jobs import NewsletterJob, ResizeImageJob, SpamCheckJob
from shop.orders import place_order
from shop.samples import make_photos, make_products
from tests.examples.shops import Shop
from tests.waiting import wait_until


def test_a_newsletter_reaches_every_reader(shop: Shop) -> None:
    enqueue(NewsletterJob("Spring", "Everything grows: äöü.", ["ada@example.org", "bob@example.org"]))
    shop.start()
    shop.wait_until_all_is_done()
    mails = shop.mails()
    assert [mail["Delivered-To"] for mail in mails] == ["ada@example.org", "bob@example.org"]
    assert {mail["Subject"] for mail in mails} == {"Spring"}
    assert {mail.get_content().strip() for mail in mails} == {"Everything grows: äöü."}


def test_pictures_are_resized_to_the_width_asked_for(shop: Shop) -> None:
    photos = make_photos(shop.directory / "photos", 3)
    thumbnails = shop.directory / "thumbnails"
    enqueue_many(ResizeImageJob(str(photo), str(thumbnails / photo.name), 400) for photo in photos)
    shop.start()
    shop.wait_until_all_is_done()
    assert sorted(path.name for path in thumbnails.iterdir()) == [photo.name for photo in photos]
    for path in thumbnails.iterdir():
        with Image.open(path) as image:
            image.load()
            assert (image.format, image.size) == ("JPEG", (400, 300))


def test_a_batch_import_writes_the_products_of_each_shop(shop: Shop) -> None:
    path = str(make_products(shop.directory / "products.csv", 200))
    send_later(BatchImporter(shop=3), "import_csv", path)
    delay(BatchImporter(shop=4), queue="imports", priority=10).import_csv(path)
    shop.start()
    shop.wait_until_all_is_done()
    products = shop.products()
    assert [(shop_number, sku) for shop_number, sku, _, _ in products] == [
        (number, f"SKU-{n:05}") for number in (3, 4) for n in range(200)
    ]
    assert products[7] == (3, "SKU-00007", "Product 7", Decimal("16.95"))


def test_importing_twice_leaves_the_same_products_with_the_newest_prices(shop: Shop) -> None:
    path = make_products(shop.directory / "products.csv", 50)
    send_later(BatchImporter(shop=3), "import_csv", str(path))
    shop.start()
    shop.wait_until_all_is_done()
    path.write_text(path.read_text().replace("Product 7,16.95", "Product 7,1.00"))
    send_later(BatchImporter(shop=3), "import_csv", str(path))
    shop.wait_until_all_is_done()
    assert len(shop.products()) == 50
    assert shop.products()[7] == (3, "SKU-00007", "Product 7", Decimal("1.00"))


def test_a_burst_of_tiny_jobs_is_worked_off(shop: Shop) -> None:
    enqueue_many(SpamCheckJob(number, "win the lottery") for number in range(5000))
    shop.start()
    shop.wait_until_all_is_done()


def test_an_order_that_was_committed_gets_its_receipt(shop: Shop) -> None:
    shop.start()
    with shop_database.connect() as connection:
        order = place_order(connection, "SKU-00001", "cleo@example.org")
    [mail] = wait_until(shop.mails, "the receipt arrives")
    assert mail["Delivered-To"] == "cleo@example.org"
    assert mail["Subject"] == f"Your order {order}"


def test_an_order_that_was_rolled_back_leaves_no_job(shop: Shop) -> None:
    with shop_database.connect() as connection:
        place_order(connection, "SKU-00001", "cleo@example.org")
        [(inside,)] = connection.execute("SELECT count(*) FROM delayed_jobs").fetchall()
        connection.rollback()
    assert inside == 1
    assert shop.jobs() == []


def test_a_mail_server_that_is_down_is_tried_again_later(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        host, port = nobody_listens.getsockname()
        monkeypatch.setenv("SHOP_SMTP", f"{host}:{port}")
        enqueue(NewsletterJob("Spring", "Everything grows.", ["ada@example.org"]))
        shop.start()
        [job] = wait_until(lambda: [job for job in shop.jobs() if job["last_error"]], "the first attempt has failed")
    assert job["last_error"].startswith("ConnectionRefusedError: ")
    assert (job["attempts"], job["failed_at"], job["locked_by"]) == (1, None, None)
    assert job["run_at"] > job["created_at"]
    assert shop.mails() == []


def test_a_picture_that_cannot_be_read_leaves_no_half_written_file(shop: Shop, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not a picture")
    enqueue(ResizeImageJob(str(broken), str(tmp_path / "thumbnails" / "broken.jpg"), 100))
    shop.start()
    [job] = wait_until(lambda: [job for job in shop.jobs() if job["last_error"]], "the first attempt has failed")
    assert job["last_error"].startswith("UnidentifiedImageError: ")
    assert list((tmp_path / "thumbnails").iterdir()) == []
