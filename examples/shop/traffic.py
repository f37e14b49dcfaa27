"""The shop's customers, played: every second somebody does something that is worth a job."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from delayed_daemon import delay, enqueue, enqueue_many, send_later
from shop import database
from shop.imports import BatchImporter
from shop.jobs import NewsletterJob, ResizeImageJob, SpamCheckJob
from shop.orders import place_order
from shop.products import save_product
from shop.spam import write_comment

BURST = 5000
SECONDS_BETWEEN_BURSTS = 10


class Traffic:
    """Enqueues work on ``photos`` and on the ``products`` of a CSV file; pictures are to come into ``thumbnails``."""

    def __init__(self, photos: list[Path], products: Path, thumbnails: Path) -> None:
        self._photos = photos
        self._products = products
        self._thumbnails = thumbnails
        self._second = 0

    def first_batch(self) -> int:
        """A bit of everything; returns how many jobs wait then."""
        send_later(BatchImporter(shop=1), "import_csv", str(self._products))
        enqueue(NewsletterJob("Grand opening", "Come in, we are open.", _readers(20)), priority=-5)
        pictures = enqueue_many(self._resize(photo, width) for photo in self._photos for width in (120, 480))
        return 2 + len(pictures) + self._burst()

    def one_second(self) -> None:
        """A handful of jobs of each kind; now and then a burst of tiny ones."""
        self._second += 1
        enqueue(NewsletterJob(f"News of second {self._second}", "Nothing happened.", _readers(3)))
        enqueue(NewsletterJob("Still there?", "We miss you.", _readers(1)), run_at=timedelta(seconds=30))
        enqueue_many([self._resize(random.choice(self._photos), width) for width in (240, 960)])
        delay(BatchImporter(shop=random.randint(2, 9)), queue="imports", priority=10).import_csv(str(self._products))
        with database.connect() as connection:
            place_order(connection, f"SKU-{random.randrange(100):05}", *_readers(1))
            write_comment(connection, random.choice(["Good quality", "Casino: click here, free money"]))
            save_product(connection, 1, "SKU-NEWS", f"Offer of second {self._second}", Decimal(5), tags=["offer"])
        if self._second % SECONDS_BETWEEN_BURSTS == 0:
            self._burst()

    def _burst(self) -> int:
        return len(enqueue_many(SpamCheckJob(n, "A fine shop, I will be back") for n in range(BURST)))

    def _resize(self, photo: Path, width: int) -> ResizeImageJob:
        return ResizeImageJob(str(photo), str(self._thumbnails / f"{photo.stem}-{width}.jpg"), width)


def _readers(count: int) -> list[str]:
    return [f"reader{number}@example.org" for number in random.sample(range(1000), count)]
