"""Spam checks: whoever writes a comment enqueues the check in the same transaction, behind all other work."""

from __future__ import annotations

import math
import re

import psycopg

from delayed_daemon import delay
from shop import database

# How many of 1000 comments of either kind have the word: (spam, ham).
_WORDS = {
    "casino": (180, 1),
    "lottery": (120, 1),
    "winner": (110, 5),
    "free": (240, 40),
    "click": (220, 10),
    "http": (350, 15),
    "money": (200, 20),
    "good": (60, 260),
    "quality": (20, 170),
    "delivery": (15, 190),
    "product": (60, 200),
    "broken": (2, 60),
}
_SPAM_FROM = 0.9


def spam_probability(text: str) -> float:
    """Naive Bayes, with spam and ham equally likely beforehand; words that the table does not have say nothing."""
    words = set(re.findall(r"[a-z]+", text.casefold()))
    odds = sum(math.log(spam / ham) for word, (spam, ham) in _WORDS.items() if word in words)
    return 1 / (1 + math.exp(-odds))


def write_comment(connection: psycopg.Connection, text: str) -> int:
    """Write a comment, not judged yet, and the job that judges it, in the caller's transaction. Returns its number."""
    comment: int
    [(comment,)] = connection.execute("INSERT INTO shop_comments (text) VALUES (%s) RETURNING id", [text]).fetchall()
    delay(check_comment, queue="spam", priority=20, connection=connection)(comment)
    return comment


def check_comment(comment: int) -> None:
    """Mark a comment as spam or not. A comment that is gone, or was edited meanwhile, is left alone."""
    with database.connect() as connection:
        row = connection.execute("SELECT text FROM shop_comments WHERE id = %s", [comment]).fetchone()
        if row is not None:
            connection.execute(
                "UPDATE shop_comments SET spam = %s WHERE id = %s AND text = %s",
                [spam_probability(row[0]) >= _SPAM_FROM, comment, row[0]],
            )
