from __future__ import annotations

import json

import pytest
from chores import Fail, Nothing

from delayed_daemon import enqueue
from tests.process.daemons import Site


@pytest.mark.parametrize("workers", ["1", "2"])
def test_work_off_ends_with_a_line_of_counts(site: Site, workers: str) -> None:
    for number in range(20):
        enqueue(Nothing(number))
    enqueue(Fail("no", max_attempts=1))
    done = site.run("work-off", "--json", "--workers", workers, *site.options())
    document = json.loads(done.stdout)
    assert (done.returncode, document["performed"], document["failed"]) == (1, 20, 1)
    assert document["rate"] == pytest.approx(21 / document["seconds"], abs=0.2)


def test_work_off_with_nothing_to_do_counts_nothing(site: Site) -> None:
    done = site.run("work-off", "--json", *site.options())
    assert (done.returncode, json.loads(done.stdout)["performed"]) == (0, 0)
