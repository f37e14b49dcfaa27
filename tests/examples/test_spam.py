from __future__ import annotations

from shop import database as shop_database
from shop.spam import check_comment, spam_probability, write_comment
from tests.examples.shops import Shop


def test_words_speak_for_and_against_spam() -> None:
    assert spam_probability("") == spam_probability("unheard of") == 0.5
    assert spam_probability("CLICK: free Casino money http://x.example") > 0.99
    assert spam_probability("good product, fast delivery, free gift") < 0.1


def test_comments_are_judged_after_all_else_and_a_second_time_alike(shop: Shop) -> None:
    with shop_database.connect() as connection:
        spam = write_comment(connection, "You are the winner, click http://x.example")
        ham = write_comment(connection, "Good quality")
        gone = write_comment(connection, "casino")
    with shop_database.connect() as connection:
        connection.execute("DELETE FROM shop_comments WHERE id = %s", [gone])
    assert {(job["queue"], job["priority"]) for job in shop.jobs()} == {("spam", 20)}
    shop.start()
    shop.wait_until_all_is_done()
    check_comment(spam)
    with shop_database.connect() as connection:
        rows = connection.execute("SELECT id, spam FROM shop_comments ORDER BY id").fetchall()
    assert rows == [(spam, True), (ham, False)]
