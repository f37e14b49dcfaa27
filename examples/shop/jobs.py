"""The shop's jobs: any object with a ``perform`` method is one, and so is any function of a module."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from delayed_daemon import Job
from shop import database, mail

logger = logging.getLogger(__name__)


@dataclass
class NewsletterJob:
    """Mails one text to many readers. A mail server that is down is tried again later, by the daemon."""

    subject: str
    text: str
    emails: list[str]

    queue_name = "mail"
    max_attempts = 10

    @property
    def display_name(self) -> str:
        return f"newsletter to {len(self.emails)} readers: {self.subject}"

    def perform(self) -> None:
        mail.send(self.subject, self.text, self.emails)

    def failure(self, job: Job) -> None:
        logger.error("job %s: no attempt is left for the %s", job.id, job.name)


@dataclass
class ResizeImageJob:
    """Writes a copy of a picture that is ``width`` pixels wide. Whoever looks sees all of it or nothing."""

    source: str
    target: str
    width: int

    queue_name = "images"
    max_run_time = 60

    def perform(self) -> None:
        target = Path(self.target)
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{uuid.uuid4().hex}-{target.name}")
        try:
            self._resized().save(unfinished)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)

    def success(self, job: Job) -> None:
        logger.info("job %s: %s is %d pixels wide", job.id, self.target, self.width)

    def _resized(self) -> Image.Image:
        with Image.open(self.source) as image:
            height = max(1, round(image.height * self.width / image.width))
            return image.resize((self.width, height), Image.Resampling.LANCZOS)


@dataclass
class SpamCheckJob:
    """Looks for the words of spam in a comment: a job so small that thousands are performed in a second."""

    comment: int
    text: str

    def perform(self) -> None:
        words = self.text.lower().split()
        if any(word in ("casino", "lottery", "viagra") for word in words):
            logger.info("comment %d looks like spam", self.comment)


def send_receipt(order: int) -> None:
    """A job that is a function: stored by its name and arguments, and given what it needs to look up the rest."""
    with database.connect() as connection:
        row = connection.execute("SELECT sku, email FROM shop_orders WHERE id = %s", [order]).fetchone()
    if row is None:
        raise LookupError(f"there is no order {order}")
    sku, email = row
    mail.send(f"Your order {order}", f"Thank you for buying {sku}.", [email])
