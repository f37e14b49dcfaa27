"""``make bench`` in small: it runs, and says both figures and the daemon's share."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.process.daemons import environment
from tests.servers import Database

ROOT = Path(__file__).parents[2]


def run_in_small(url: str) -> str:
    """Its output; when it does not end in time, the daemon that it started is stopped, too."""
    bench = subprocess.Popen(
        [sys.executable, "bench/drain.py", "--jobs", "2000", "--runs", "1", "--database-url", url],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said, complaint = bench.communicate(timeout=100)
    except BaseException:
        for children in Path(f"/proc/{bench.pid}/task").glob("*/children"):
            for child in map(int, children.read_text().split()):
                os.kill(child, signal.SIGTERM)
        bench.kill()
        bench.communicate()
        raise
    assert bench.returncode == 0, complaint
    return said


def test_the_benchmark_prints_the_limit_beside_the_daemon_s_pace(database: Database) -> None:
    said = run_in_small(database.url)
    runs, _, medians = said.partition("\nmedian of 1 runs, 2,000 jobs, 2 worker(s)\n")
    assert re.findall(r"^run 1  (.*?)  +[\d,]*[1-9][\d,]* jobs/s$", runs, re.MULTILINE) == [
        "raw, batches of 100",
        "raw, batches of 500",
        "delayed-daemon",
    ]
    assert re.search(r"^  raw, batches of \d+ .* 100% of the limit$", medians, re.MULTILINE)
    assert re.search(r"^  delayed-daemon  +[\d,]+ jobs/s +\d+% of the limit$", medians, re.MULTILINE)
    with database.connect() as connection:
        assert connection.execute("SELECT to_regnamespace('bench')").fetchone() == (None,)
