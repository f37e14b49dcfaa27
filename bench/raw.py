"""The limit: fixed statements in a bare psycopg pipeline, nothing decoded, nothing performed.

Claims a batch and deletes the last one in one round trip and one transaction, as the daemon does.
"""

from __future__ import annotations

import multiprocessing
import time

import psycopg

_CLAIM = """
WITH taken AS MATERIALIZED (
  SELECT ctid FROM delayed_jobs
  WHERE locked_by IS NULL AND failed_at IS NULL AND held_until IS NULL AND run_at <= now()
  ORDER BY priority, queue, run_at, id LIMIT %(count)s FOR UPDATE SKIP LOCKED)
UPDATE delayed_jobs j SET locked_by = %(token)s, locked_at = clock_timestamp(), attempts = j.attempts + 1
FROM taken WHERE j.ctid = taken.ctid RETURNING j.id, j.attempts, j.handler
"""
_DELETE = (
    "DELETE FROM delayed_jobs j USING unnest(%(ids)s::bigint[]) AS d(id) WHERE j.id = d.id AND j.locked_by = %(token)s"
)
_SETTINGS = (
    "SET jit = off; SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off;"
    "SET enable_mergejoin = off; SET plan_cache_mode = force_generic_plan"
)


def drain(url: str, schema: str, processes: int, batch: int, due: float) -> None:
    """Work off everything with so many processes, from the moment ``due`` (seconds since 1970) on."""
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_work, args=(url, schema, f"raw-{n}", batch, due)) for n in range(processes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        if worker.exitcode:
            raise SystemExit(f"a raw worker ended with {worker.exitcode}")


def _work(url: str, schema: str, token: str, batch: int, due: float) -> None:
    with psycopg.connect(url, autocommit=True, prepare_threshold=0, options=f"-c search_path={schema}") as connection:
        connection.execute(_SETTINGS, prepare=False)
        ids: list[int] = []
        time.sleep(max(0.0, due - time.time()))
        while True:
            with connection.pipeline():
                if ids:
                    connection.execute(_DELETE, {"ids": ids, "token": token})
                claimed = connection.execute(_CLAIM, {"count": batch, "token": token})
            rows = claimed.fetchall()
            if not rows and not ids:
                return
            ids = [row[0] for row in rows]
