"""Jobs and rows that do what nobody expects: they cost themselves, and nobody else."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from chores import Fail, ForksWithHooks, Gate, LongAgo, Note

from delayed_daemon import enqueue, enqueue_many
from delayed_daemon.embedded.server import EmbeddedServer
from tests.process.daemons import Site, exactly_once
from tests.waiting import wait_until

_REFUSE = """
CREATE FUNCTION {schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.locked_by IS NOT NULL AND OLD.queue = 'stuck' THEN RAISE EXCEPTION 'not with me'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER refuse BEFORE UPDATE ON {schema}.delayed_jobs FOR EACH ROW EXECUTE FUNCTION {schema}.refuse();
"""


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_rows_that_take_no_outcome_keep_no_worker_from_the_others(site: Site) -> None:
    site.database.connect().execute(_REFUSE.format(schema=site.database.schema))
    stuck = [enqueue(Fail("no luck"), queue="stuck") for _ in range(2)]
    enqueue_many([Note(site.ledger, f"n{n}") for n in range(5)])
    daemon = site.start("--read-ahead", "1", "--lease", "3")
    wait_until(lambda: site.count() == 2, "all others are performed")
    exactly_once(site.lines(), [f"n{n}" for n in range(5)])
    for job in stuck:
        daemon.await_event("job.not_written", id=job.id)
    enqueue(Note(site.ledger, "later"))
    site.await_line("later")
    assert daemon.leave() == 0
    assert "Traceback" not in daemon.log.read_text()


def test_the_verdict_on_a_worker_is_not_held_up_by_a_row_that_refuses_it(site: Site) -> None:
    site.database.connect().execute(_REFUSE.format(schema=site.database.schema))
    enqueue(Gate(site.ledger, "held", str(site.gate())), queue="stuck")
    daemon = site.start(workers=1)
    site.await_line("begin-held")
    os.kill(daemon.process_of("worker"), signal.SIGKILL)
    daemon.await_event("jobs.not_released")
    enqueue(Note(site.ledger, "later"))
    site.await_line("later")
    assert daemon.leave() == 0


def test_a_row_with_as_many_attempts_as_fit_stops_nobody(site: Site) -> None:
    full = enqueue(Note(site.ledger, "full"), priority=-1)
    site.rows("UPDATE delayed_jobs SET attempts = 2147483647 RETURNING id")
    enqueue(Note(site.ledger, "n"))
    daemon = site.start(workers=1)
    site.await_line("n")
    row = wait_until(lambda: (row := site.row(full.id)) and row["failed_at"] and row, "the full one has failed")
    assert "no attempt is left" in row["last_error"]
    assert daemon.leave() == 0


def test_a_next_try_outside_of_the_calendar_is_as_good_as_none(site: Site) -> None:
    job = enqueue(LongAgo())
    daemon = site.start(workers=1)
    daemon.await_event("hook.raised", hook="reschedule_at", id=job.id)
    row = wait_until(lambda: (row := site.row(job.id)) and row["last_error"] and row, "its attempt is written")
    assert row["attempts"] == 1
    assert daemon.leave() == 0


def test_the_hooks_of_a_job_that_forks_run_once(site: Site) -> None:
    enqueue(ForksWithHooks(site.ledger))
    enqueue(ForksWithHooks(site.ledger, fails=True))
    daemon = site.start(workers=1)
    wait_until(lambda: site.count() == 1, "one is done, the other failed")
    assert daemon.leave() == 0
    exactly_once(site.lines(), ["success", "after", "error", "after", "failure"])


def test_a_job_whose_worker_died_at_its_last_attempt_keeps_the_reason(site: Site) -> None:
    job = enqueue(Gate(site.ledger, "held", str(site.gate()), max_attempts=1))
    daemon = site.start(workers=1)
    site.await_line("begin-held")
    os.kill(daemon.process_of("worker"), signal.SIGKILL)
    wait_until(lambda: (row := site.row(job.id)) and row["crashes"] == 1, "the verdict is written")
    site.rows("UPDATE delayed_jobs SET run_at = now() RETURNING id")
    enqueue(Note(site.ledger, "wake"))
    row = wait_until(lambda: (row := site.row(job.id)) and row["failed_at"] and row, "the job has failed")
    assert row["last_error"].startswith("worker killed by SIGKILL")
    assert row["attempts"] == 1
    assert "no attempt is left: 1 made, 1 allowed" in row["errors"][-1]["error"]
    assert site.lines().count("begin-held") == 1
    assert daemon.leave() == 0


def test_an_outage_while_a_failure_is_written_is_not_the_jobs_doing(own_site: Site, own_server: EmbeddedServer) -> None:
    site = own_site
    job = enqueue(Gate(site.ledger, "held", str(site.gate()), fails=True, max_run_time=3))
    daemon = site.start(workers=1)
    site.await_line("begin-held")
    data_dir = next(own_server.data_dir.glob("pg*"))
    os.kill(int((data_dir / "postmaster.pid").read_text().splitlines()[0]), signal.SIGQUIT)
    wait_until(lambda: own_server.find() is None, "the server is down")
    site.gate().touch()
    daemon.await_event("database.failed")
    pid = daemon.process_of("worker")
    wait_until(lambda: len(daemon.events("heartbeat.failed")) >= 10, "it is down for longer than limit and grace")
    with EmbeddedServer(own_server.data_dir, durable=False):
        row = wait_until(lambda: (row := site.row(job.id)) and row["last_error"] and row, "the failure is written")
        assert row["last_error"].startswith("ValueError: as asked")
        assert row["crashes"] == 0
        assert daemon.processes("worker") == [pid]
        assert daemon.leave() == 0


def test_maintenance_sleeps_while_a_due_job_waits_for_busy_workers(site: Site) -> None:
    enqueue(Gate(site.ledger, "held", str(site.gate())))
    daemon = site.start(workers=1)
    site.await_line("begin-held")
    pid = daemon.process_of("maintenance")
    enqueue(Note(site.ledger, "due"), run_at=0.2)
    connection = site.database.connect()
    connection.execute("SELECT pg_sleep(2)")
    before = cpu_seconds(pid)
    connection.execute("SELECT pg_sleep(3)")
    spent = cpu_seconds(pid) - before
    site.gate().touch()
    site.await_line("due")
    assert daemon.leave() == 0
    assert spent < 0.5, f"{spent} s of 3 s"


def test_maintenance_sleeps_while_it_cannot_register(site: Site) -> None:
    lock = site.database.connect()
    with lock.transaction():
        lock.execute("LOCK TABLE delayed_daemons")
        daemon = site.start(workers=1, ready=False)
        pid = daemon.process_of("maintenance")
        daemon.await_event("heartbeat.failed")
        before = cpu_seconds(pid)
        lock.execute("SELECT pg_sleep(3)")
        spent = cpu_seconds(pid) - before
    daemon.await_event("daemon.started")
    assert daemon.leave() == 0
    assert spent < 1.0, f"{spent} s of 3 s"
