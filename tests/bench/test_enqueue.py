"""bench/enqueue.py in small: it runs, and says what share of the bare statements is reached."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.process.daemons import environment
from tests.servers import Database

ROOT = Path(__file__).parents[2]
SMALL = ("--jobs", "1000", "--singles", "20", "--runs", "1")


def test_the_benchmark_prints_each_way_of_enqueuing_beside_the_bare_statement(database: Database) -> None:
    done = subprocess.run(
        [sys.executable, "bench/enqueue.py", "--database-url", database.url, *SMALL],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert (done.returncode, done.stderr) == (0, "")
    runs, _, medians = done.stdout.partition("\nmedian of 1 runs, 20 one by one, 1,000 at once\n")
    assert re.findall(r"^run 1  (.*?)  +[\d,]*[1-9][\d,]* jobs/s$", runs, re.MULTILINE) == [
        "bare INSERT",
        "enqueue",
        "bare COPY",
        "enqueue_many",
    ]
    assert re.search(r"^  enqueue  +[\d,]+ jobs/s +\d+% of the bare INSERT$", medians, re.MULTILINE)
    assert re.search(r"^  enqueue_many  +[\d,]+ jobs/s +\d+% of the bare COPY$", medians, re.MULTILINE)
    with database.connect() as connection:
        assert connection.execute("SELECT to_regnamespace('bench')").fetchone() == (None,)
