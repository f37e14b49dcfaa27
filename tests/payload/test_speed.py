"""On the fast path, reading a job costs at most three times `json.loads` of its body."""

from __future__ import annotations

import json
import time

import pytest

from delayed_daemon.payload import dump, load
from tests.payload.shop import NewsletterJob

JOBS = {
    "small": NewsletterJob("lorem ipsum", ["ann@example.org"]),
    "medium": NewsletterJob("x" * 130, [f"person{number}@example.org" for number in range(6)]),
    "large, of text": NewsletterJob("x" * 150, [f"person{number}@example.org" for number in range(400)]),
    "large, of objects": NewsletterJob("x", [{"sku": f"a{number}", "amount": number} for number in range(300)]),
    "large, of lists": NewsletterJob("x", [[number, -number] for number in range(800)]),
}


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_reading_costs_at_most_three_times_json(trust, job):
    handler = dump(job)
    body = handler.partition(" ")[2]
    assert load(handler, trust) == job
    rounds = max(1, 3000 // len(body))
    ratios = []
    for _ in range(5):
        reading = parsing = float("inf")
        for _ in range(200):
            parsing = min(parsing, _seconds(lambda: json.loads(body), rounds))
            reading = min(reading, _seconds(lambda: load(handler, trust), rounds))
        ratios.append(reading / parsing)
        if ratios[-1] <= 3:
            return
    pytest.fail(f"reading cost {ratios} times json.loads")


def _seconds(what, rounds):
    start = time.perf_counter()
    for _ in range(rounds):
        what()
    return time.perf_counter() - start
