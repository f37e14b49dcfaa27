"""Drain no-op jobs: the daemon beside the raw SQL limit, in the same run on the same database.

    python bench/drain.py --workers 2 --jobs 100000 --runs 3

Jobs are enqueued for a moment a little later, so that the clock starts with all workers up, and
stops when the table is empty. Prints each run, the medians, and the daemon's share of the limit.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import database  # noqa: E402
import raw  # noqa: E402
from database import SCHEMA  # noqa: E402

_FILL = """
INSERT INTO bench.delayed_jobs (handler, run_at)
SELECT format('!job:noop.Noop {"number": %%s}', n), to_timestamp(%s) FROM generate_series(1, %s) AS n
"""


def main() -> None:
    options = _options()
    with database.prepared(options.database_url) as url:
        figures: dict[str, list[float]] = {}
        for number in range(options.runs):
            for name, contender in _contenders(url, options).items():
                rate = _measure(url, options.jobs, contender)
                figures.setdefault(name, []).append(rate)
                print(f"run {number + 1}  {name:<22} {rate:>10,.0f} jobs/s", flush=True)
    _report(figures, options)


def _contenders(url: str, options: argparse.Namespace) -> dict[str, Callable[[float], None]]:
    return {
        "raw, batches of 100": lambda due: raw.drain(url, SCHEMA, options.workers, 100, due),
        "raw, batches of 500": lambda due: raw.drain(url, SCHEMA, options.workers, 500, due),
        "delayed-daemon": lambda due: _daemon(url, options.workers, due),
    }


def _measure(url: str, jobs: int, contender: Callable[[float], None]) -> float:
    due = time.time() + 3.0 + jobs / 50_000
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("TRUNCATE bench.delayed_jobs")
        connection.execute(_FILL, [due, jobs])
        if time.time() > due - 2.0:
            raise SystemExit("filling the table took too long on this machine: lower --jobs")
        work = threading.Thread(target=contender, args=(due,))
        work.start()
        time.sleep(max(0.0, due - time.time()))
        while connection.execute("SELECT EXISTS (SELECT FROM bench.delayed_jobs)").fetchone() != (False,):
            time.sleep(0.02)
        seconds = time.time() - due
        work.join()
    return jobs / seconds


def _daemon(url: str, workers: int, due: float) -> None:
    command = [sys.executable, "-m", "delayed_daemon", "start", "--workers", str(workers), "--app", "noop"]
    command += ["--database-url", url, "--schema", SCHEMA, "--log-format", "json"]
    environment = {**os.environ, "PYTHONPATH": f"{HERE.parent}:{HERE}"}
    with tempfile.TemporaryFile() as log:
        daemon = subprocess.Popen(command, cwd=HERE, env=environment, stderr=log, stdout=log, start_new_session=True)
        try:
            time.sleep(max(0.0, due - time.time()))
            with psycopg.connect(url, autocommit=True) as connection:
                while connection.execute("SELECT EXISTS (SELECT FROM bench.delayed_jobs)").fetchone() != (False,):
                    if daemon.poll() is not None:
                        log.seek(0)
                        raise SystemExit(f"the daemon left:\n{log.read().decode()}")
                    time.sleep(0.1)
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(60)


def _report(figures: dict[str, list[float]], options: argparse.Namespace) -> None:
    medians = {name: statistics.median(rates) for name, rates in figures.items()}
    limit = max(rate for name, rate in medians.items() if name.startswith("raw"))
    print(f"\nmedian of {options.runs} runs, {options.jobs:,} jobs, {options.workers} worker(s)")
    for name, rate in medians.items():
        print(f"  {name:<22} {rate:>10,.0f} jobs/s   {rate / limit:>5.0%} of the limit")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--database-url", help="a database to use; an embedded one, durable, unless given")
    return parser.parse_args()


if __name__ == "__main__":
    main()
