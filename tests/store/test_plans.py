"""The plans of the hot statements over a million rows, with and without statistics.

``tests/store/plans/*.txt`` are the plans of the PostgreSQL in the wheel, to be reviewed when they change:
``DELAYED_DAEMON_WRITE_PLANS=1 pytest tests/store/test_plans.py`` writes them anew.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from delayed_daemon.store.backlog import Selection
from delayed_daemon.store.connection import Connection, connect
from delayed_daemon.store.migration import migrate
from delayed_daemon.store.scope import scope_parameters
from delayed_daemon.store.statements import statements
from tests.servers import Database

pytestmark = pytest.mark.xdist_group("plans")

_PLANS = Path(__file__).parent / "plans"
_PLANS_OF_MAJOR = 18
_ROWS = 1_000_000
# A probe of an index of this size touches four pages, and there are twelve pairs of priority and queue.
_MOST_PAGES_OF_A_CLAIM = 50
_MOST_PAGES = 150

_PREFIX = f"host:7/{'a' * 32}/"
_RANGE = {"prefix": _PREFIX, "beyond": _PREFIX[:-1] + "0"}
_ALL = scope_parameters(None, None, [])
_LISTED = scope_parameters(None, None, ["q0", "q1", "elsewhere"])
_ENDED = {"id": 1, "token": f"{_PREFIX}1/1"}
_REPORT = {"error": "text", "summary": "summary"}
_CHANGED = {"ids": [1, 2], "states": ["failed"]}
_WOKEN = {"wake": "when_idle", "payload": "p"}
_STATEMENTS: dict[str, dict[str, Any]] = {
    "claim": {**_ALL, "count": 1, "token": f"{_PREFIX}1/1"},
    "claim_in_queues": {**_LISTED, "count": 1, "token": f"{_PREFIX}1/1"},
    "complete": {"ids": [1, 2], "claims": [1, 1], "worker": f"{_PREFIX}1/"},
    "reschedule": {**_ENDED, **_REPORT, "run_at": None, "delay": 1.0},
    "fail": {**_ENDED, **_REPORT, "attempted": True, "earlier": False},
    "hold": {**_ENDED, "reason": "no class"},
    "release": {"ids": [1], "tokens": ["t"], "suspect": False, "wake": "when_idle", "payload": "p"},
    "crash": {**_ENDED, **_REPORT, "max_crashes": 5, "delay": 1.0},
    "holders": {},
    "release_range": _RANGE,
    "locked_under": _RANGE,
    "rescue": {**_RANGE, "daemon": str(uuid.UUID(int=1)), "max_crashes": 5, "limit": 100},
    "rescue_foreign": {"seconds": 60.0, "max_crashes": 5, "limit": 100},
    "forget": {"id": str(uuid.UUID(int=1))},
    "heartbeat": {"id": str(uuid.UUID(int=1)), "snapshot": "{}", "idle": True},
    "unhold_due": {"limit": 100},
    "unhold_all": {"limit": 100},
    "prune": {"keep": 3600.0, "limit": 100},
    "oldest_ready": {},
    "find_job": {"id": 1},
    "cancel_if_waiting": {"id": 1},
    "reschedule_if_waiting": {"id": 1, "run_at": None, "delay": 1.0, "schema": "s", "wake": "when_idle"},
    "retry_if_failed": {"id": 1, "schema": "s", "wake": "when_idle"},
    "next_due": {**_ALL, "lookback": 0.0},
    "next_due_in_queues": {**_LISTED, "lookback": 0.0},
    "list_jobs": {**Selection().parameters(), "after": 500, "limit": 50},
    "list_set_aside": {**Selection(states=("failed", "held")).parameters(), "after": 500, "limit": 50},
    "list_by_id": {"ids": [1, 2]},
    "show_job": {"id": 1},
    "retry_jobs": {**_CHANGED, **_WOKEN},
    "reschedule_jobs": {**_CHANGED, **_WOKEN, "run_at": None, "delay": 1.0},
    "release_held": {**_CHANGED, **_WOKEN},
    "release_locked": {**_CHANGED, **_WOKEN, "force": False},
    "delete_jobs": _CHANGED,
}


class Backlog:
    """A schema full of jobs, and the plans that the store's own prepared statements get there."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with self.session() as session:
            migrate(session, database.schema)
            session.execute(self._sql("ALTER TABLE {jobs} SET (autovacuum_enabled = false)"))

    def session(self) -> Connection:
        return connect(self.database.url, application_name="delayed-daemon test", deadline_seconds=300.0)

    def fill(self, count: int, *, priority: str, queue: str, run_at: str) -> None:
        """Insert jobs in bulk; the last three are expressions of the number ``n``."""
        with self.session() as session:
            session.execute(
                self._sql(
                    "INSERT INTO {jobs} (handler, priority, queue, run_at)"
                    f" SELECT '!job:shop.Mail ' || n, {priority}, {queue}, {run_at} FROM generate_series(1, {count}) n"
                )
            )

    def analyze(self) -> None:
        with self.session() as session:
            session.execute(self._sql("ANALYZE {jobs}, {daemons}"))

    def explain(self, name: str, options: str) -> list[Any]:
        """EXPLAIN of the statement as the store prepares it; what it does is rolled back."""
        statement, parameters = statements(self.database.schema)[name], _STATEMENTS[name]
        order = dict.fromkeys(re.findall(r"%\((\w+)\)s", statement.decode()))
        given = sql.SQL(", ").join(sql.Literal(parameters[name]) for name in order)
        with self.session() as session, session.transaction(force_rollback=True):
            session.execute(statement, parameters)
            ((prepared,),) = session.execute("SELECT name FROM pg_prepared_statements", prepare=False).fetchall()
            call = sql.SQL("{}({})" if order else "{}").format(sql.Identifier(prepared), given)
            explain = sql.SQL("EXPLAIN ({}) EXECUTE {}").format(sql.SQL(options), call)
            return [row[0] for row in session.execute(explain, prepare=False)]

    def _sql(self, text: str) -> bytes:
        tables = {name: sql.Identifier(self.database.schema, f"delayed_{name}") for name in ("jobs", "daemons")}
        return sql.SQL(text).format(**tables).as_bytes(None)


@pytest.fixture
def backlog(database: Database) -> Backlog:
    return Backlog(database)


def _shape(backlog: Backlog, name: str) -> dict[str, Any]:
    return backlog.explain(name, "COSTS OFF, FORMAT JSON")[0][0]["Plan"]


def _pages(backlog: Backlog, name: str) -> int:
    """How many pages the statement touches."""
    plan = backlog.explain(name, "ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON")[0][0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def _faults(node: dict[str, Any], sorted_above: bool = False) -> Iterator[str]:
    """What must not be in a plan: a scan without an index, a join that reads all of one side, a sort of the backlog.

    The table of daemons has a row for each: it may be read whole.
    """
    kind, table = node["Node Type"], node.get("Relation Name", "")
    if table != "delayed_daemons" and kind in ("Seq Scan", "Hash Join", "Merge Join", "Bitmap Heap Scan", "Gather"):
        yield f"{kind} {table}"
    if sorted_above and table == "delayed_jobs":
        yield f"a sort above {kind} {table}"
    bounded = kind == "Limit" or node.get("Subplan Name", "").startswith("CTE")
    sorted_here = kind in ("Sort", "Incremental Sort") or (sorted_above and not bounded)
    for child in node.get("Plans", []):
        inside = sorted_here and not child.get("Subplan Name", "").startswith("CTE")
        yield from _faults(child, inside)


def _assert_sound(backlog: Backlog) -> None:
    faults = {name: list(_faults(_shape(backlog, name))) for name in _STATEMENTS}
    assert {name: found for name, found in faults.items() if found} == {}


def _assert_frugal(backlog: Backlog) -> None:
    touched = {name: _pages(backlog, name) for name in _STATEMENTS}
    most = {name: _MOST_PAGES_OF_A_CLAIM if name.startswith("claim") else _MOST_PAGES for name in touched}
    assert {name: pages for name, pages in touched.items() if pages > most[name]} == {}


def _assert_as_reviewed(backlog: Backlog) -> None:
    for name in _STATEMENTS:
        plan = "\n".join(backlog.explain(name, "COSTS OFF")) + "\n"
        file = _PLANS / f"{name}.txt"
        if os.environ.get("DELAYED_DAEMON_WRITE_PLANS"):
            file.write_text(plan)
        assert plan == file.read_text(), f"the plan of {name} is not the one that was reviewed"


def test_a_sort_of_the_backlog_and_a_scan_of_the_table_are_noticed():
    scan = {"Node Type": "Index Scan", "Relation Name": "delayed_jobs"}
    assert list(_faults({"Node Type": "Sort", "Plans": [scan]})) == ["a sort above Index Scan delayed_jobs"]
    assert list(_faults({"Node Type": "Sort", "Plans": [{"Node Type": "Limit", "Plans": [scan]}]})) == []
    assert list(_faults({"Node Type": "Limit", "Plans": [{"Node Type": "Seq Scan", "Relation Name": "x"}]})) == [
        "Seq Scan x"
    ]


def test_statistics_of_a_small_table_lead_no_plan_astray(backlog):
    backlog.analyze()
    _assert_sound(backlog)
    backlog.fill(300, priority="n % 3", queue="'q' || n % 4", run_at="now()")
    backlog.analyze()
    _assert_sound(backlog)


def test_a_million_ready_jobs_cost_no_more_than_a_few(backlog):
    backlog.fill(_ROWS, priority="n % 3", queue="'q' || n % 4", run_at="now() - n * interval '1 ms'")
    _assert_sound(backlog)
    with backlog.session() as session:
        major = session.info.server_version // 10000
    if major == _PLANS_OF_MAJOR:
        _assert_as_reviewed(backlog)
    _assert_frugal(backlog)
    backlog.analyze()
    _assert_sound(backlog)
    if major == _PLANS_OF_MAJOR:
        _assert_as_reviewed(backlog)


def test_a_million_scheduled_jobs_of_a_better_priority_stand_in_nobodys_way(backlog):
    backlog.fill(_ROWS, priority="-5", queue="'q' || n % 4", run_at="now() + interval '1 day' + n * interval '1 ms'")
    backlog.fill(10, priority="0", queue="'q' || n % 4", run_at="now()")
    _assert_frugal(backlog)
