"""Enqueue: one by one beside a bare prepared INSERT, and many at once beside a bare COPY, of the same rows.

    python bench/enqueue.py --jobs 100000 --singles 2000 --runs 3

Each in transactions of its own, on the same database, in turn. Prints each run, the medians, and the share
of the bare statement. The rows of the bare ones are made beforehand.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import database  # noqa: E402
from letters import Letter  # noqa: E402

from delayed_daemon import configure, enqueue, enqueue_many  # noqa: E402
from delayed_daemon.payload import dump  # noqa: E402

_INSERT = "INSERT INTO bench.delayed_jobs (handler, queue, priority, run_at) VALUES (%s, %s, %s, now()) RETURNING id"
_COPY = "COPY bench.delayed_jobs (handler, queue, priority, run_at) FROM STDIN"
_BLOCK = 500
_BARE = {"enqueue": "bare INSERT", "enqueue_many": "bare COPY"}


def main() -> None:
    options = _options()
    jobs = [Letter(number, f"lorem ipsum dolor sit amet {number}") for number in range(options.jobs)]
    singles = jobs[: options.singles]
    figures: dict[str, list[float]] = {}
    with (
        database.prepared(options.database_url) as url,
        psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection,
    ):
        configure(database_url=url, schema=database.SCHEMA)
        for number in range(options.runs):
            for name, count, work in (
                ("bare INSERT", len(singles), _inserting(connection, singles)),
                ("enqueue", len(singles), lambda: [enqueue(job) for job in singles]),
                ("bare COPY", len(jobs), _copying(connection, jobs)),
                ("enqueue_many", len(jobs), lambda: enqueue_many(jobs)),
            ):
                rate = _measure(connection, count, work)
                figures.setdefault(name, []).append(rate)
                print(f"run {number + 1}  {name:<14} {rate:>10,.0f} jobs/s", flush=True)
    _report(figures, options)


def _measure(connection: psycopg.Connection, count: int, work: Callable[[], object]) -> float:
    connection.execute("TRUNCATE bench.delayed_jobs")
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    if connection.execute("SELECT count(*) FROM bench.delayed_jobs").fetchone() != (count,):
        raise SystemExit("not every job is in the table")
    return count / seconds


def _inserting(connection: psycopg.Connection, jobs: list[Letter]) -> Callable[[], object]:
    rows = [(dump(job), "default", 0) for job in jobs]
    return lambda: [connection.execute(_INSERT, row).fetchone() for row in rows]


def _copying(connection: psycopg.Connection, jobs: list[Letter]) -> Callable[[], object]:
    lines = [f"{dump(job)}\tdefault\t0\t2026-01-01 00:00:00+00\n" for job in jobs]
    blocks = ["".join(lines[start : start + _BLOCK]) for start in range(0, len(lines), _BLOCK)]

    def copy() -> None:
        with connection.cursor().copy(_COPY) as copy:
            for block in blocks:
                copy.write(block)

    return copy


def _report(figures: dict[str, list[float]], options: argparse.Namespace) -> None:
    medians = {name: statistics.median(rates) for name, rates in figures.items()}
    print(f"\nmedian of {options.runs} runs, {options.singles:,} one by one, {options.jobs:,} at once")
    for name, rate in medians.items():
        bare = _BARE.get(name)
        share = f"   {rate / medians[bare]:>5.0%} of the {bare}" if bare else ""
        print(f"  {name:<14} {rate:>10,.0f} jobs/s{share}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=100_000, help="for enqueue_many")
    parser.add_argument("--singles", type=int, default=2_000, help="for enqueue")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--database-url", help="a database to use; an embedded one, durable, unless given")
    return parser.parse_args()


if __name__ == "__main__":
    main()
