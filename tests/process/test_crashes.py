"""kill -9 of each process: nothing is lost, nothing but the job in hand is repeated."""

from __future__ import annotations

import os
import signal
import time

import pytest
from chores import Deadly, Forks, Gate, LeavesChild, Note, Raises

from delayed_daemon import enqueue, enqueue_many
from tests.process.daemons import Site, exactly_once, is_running
from tests.waiting import wait_until


def test_a_killed_worker_costs_its_job_one_attempt_and_says_why(site: Site) -> None:
    job = enqueue(Gate(site.ledger, "a", str(site.gate())))
    daemon = site.start()
    site.await_line("begin-a")
    os.kill(site.pids()[0], signal.SIGKILL)
    row = wait_until(
        lambda: (row := site.row(job.id)) and row["last_error"] and row, "the verdict is in the row", seconds=5
    )
    assert "killed by SIGKILL" in row["last_error"]
    assert "peak memory" in row["last_error"]
    assert (row["attempts"], row["crashes"], row["locked_by"], row["failed_at"]) == (1, 1, None, None)
    assert "killed by SIGKILL" in row["errors"][0]["error"]
    wait_until(lambda: len(daemon.processes("worker")) == 2, "the place is filled again")
    assert daemon.leave() == 0
    site.assert_gone(daemon)


def test_what_a_killed_worker_had_finished_is_not_repeated_and_what_it_had_not_begun_runs_elsewhere(site: Site) -> None:
    enqueue_many([Note(site.ledger, f"n{n}") for n in range(60)])
    enqueue(Deadly(site.ledger, "deadly", "SIGKILL"))
    enqueue_many([Note(site.ledger, f"m{n}") for n in range(60)])
    daemon = site.start()
    wait_until(lambda: site.count() == 1, "all but the deadly job are performed")
    lines = site.lines()
    exactly_once(lines, [f"n{n}" for n in range(60)] + [f"m{n}" for n in range(60)] + ["deadly"])
    assert daemon.leave() == 0


@pytest.mark.parametrize(
    ("how", "said"),
    [("exit", "exited with code 0"), ("SIGABRT", "killed by SIGABRT"), ("pointer", "killed by SIGSEGV")],
)
def test_every_way_of_dying_counts_as_a_crash(site: Site, how: str, said: str) -> None:
    job = enqueue(Deadly(site.ledger, "d", how))
    daemon = site.start()
    row = wait_until(lambda: (row := site.row(job.id)) and row["last_error"] and row, "the verdict is in the row")
    assert said in row["last_error"]
    assert (row["attempts"], row["crashes"]) == (1, 1)
    assert daemon.leave() == 0


def test_a_job_that_keeps_killing_workers_is_quarantined_and_the_others_run(site: Site) -> None:
    job = enqueue(Deadly(site.ledger, "d", "SIGKILL"))
    daemon = site.start("--max-crashes", "2")
    wait_until(lambda: (row := site.row(job.id)) and row["crashes"] == 1, "the first crash is counted")
    connection = site.database.connect()
    connection.execute("UPDATE delayed_jobs SET run_at = now()")
    connection.execute("SELECT pg_notify('delayed_jobs', %s)", [site.database.schema])
    row = wait_until(lambda: (row := site.row(job.id)) and row["failed_at"] and row, "it is quarantined")
    assert row["last_error"].startswith("quarantined after 2 crashes: worker killed by SIGKILL")
    enqueue(Note(site.ledger, "after"))
    site.await_line("after")
    assert site.lines().count("d") == 2
    assert daemon.leave() == 0


def test_jobs_keep_running_while_maintenance_dies(site: Site) -> None:
    daemon = site.start()
    for round_number in range(3):
        before = daemon.process_of("maintenance")
        os.kill(before, signal.SIGKILL)
        enqueue(Note(site.ledger, f"n{round_number}"))
        site.await_line(f"n{round_number}")
        wait_until(lambda before=before: daemon.processes("maintenance") not in ([], [before]), "maintenance is back")
    wait_until(lambda: len(site.rows("SELECT id FROM delayed_daemons")) == 1, "one daemon is registered")
    assert daemon.leave() == 0
    site.assert_gone(daemon)


def test_a_worker_and_maintenance_that_die_together_are_settled_by_the_next_maintenance(site: Site) -> None:
    job = enqueue(Gate(site.ledger, "a", str(site.gate())))
    daemon = site.start()
    site.await_line("begin-a")
    os.kill(daemon.process_of("maintenance"), signal.SIGKILL)
    os.kill(site.pids()[0], signal.SIGKILL)
    row = wait_until(lambda: (row := site.row(job.id)) and row["last_error"] and row, "the verdict is in the row")
    assert (row["attempts"], row["crashes"], row["locked_by"]) == (1, 1, None)
    assert daemon.leave() == 0
    site.assert_gone(daemon)


def test_the_fork_server_is_replaced_and_workers_with_it(site: Site) -> None:
    daemon = site.start()
    before = daemon.process_of("fork server")
    workers = set(daemon.processes("worker"))
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: daemon.processes("fork server") not in ([], [before]), "there is a new fork server")
    wait_until(
        lambda: len(new := set(daemon.processes("worker"))) == 2 and not new & workers,
        "workers are children of the new one",
    )
    enqueue(Note(site.ledger, "after"))
    site.await_line("after")
    assert daemon.leave() == 0
    site.assert_gone(daemon)


def test_when_the_supervisor_is_killed_jobs_are_finished_and_nothing_stays_behind(site: Site) -> None:
    job = enqueue(Gate(site.ledger, "a", str(site.gate())))
    enqueue_many([Note(site.ledger, f"n{n}") for n in range(20)])
    daemon = site.start()
    site.await_line("begin-a")
    daemon.processes()
    os.kill(daemon.pid, signal.SIGKILL)
    daemon.process.wait()
    site.gate().touch()
    site.await_line("end-a")
    wait_until(lambda: not any(map(is_running, daemon.seen)), "no process is left")
    assert site.row(job.id) is None
    assert site.rows("SELECT name FROM delayed_daemons") == []
    site.assert_nothing_locked()


def test_when_the_supervisor_is_killed_a_job_that_does_not_end_is_given_back(site: Site) -> None:
    job = enqueue(Gate(site.ledger, "a", str(site.gate())))
    daemon = site.start("--shutdown-timeout", "1")
    site.await_line("begin-a")
    daemon.processes()
    os.kill(daemon.pid, signal.SIGKILL)
    daemon.process.wait()
    wait_until(lambda: not any(map(is_running, daemon.seen)), "no process is left")
    row = site.row(job.id)
    assert row is not None
    assert (row["attempts"], row["crashes"], row["locked_by"]) == (0, 0, None)


def test_random_kills_of_workers_lose_nothing(site: Site) -> None:
    enqueue_many([Note(site.ledger, f"n{n}") for n in range(15_000)])
    daemon = site.start("--max-crashes", "100")
    kills = 0
    while site.count("run_at <= now() AND failed_at IS NULL") and kills < 8:
        workers = daemon.processes("worker")
        if workers:
            os.kill(workers[kills % len(workers)], signal.SIGKILL)
            kills += 1
        time.sleep(0.1)
    connection = site.database.connect()
    wait_until(
        lambda: connection.execute("UPDATE delayed_jobs SET run_at = now() WHERE run_at > now()") and site.count() == 0,
        "every job is performed",
        seconds=60,
    )
    lines = site.lines()
    assert set(lines) == {f"n{n}" for n in range(15_000)}
    assert len(lines) <= 15_000 + kills
    assert daemon.leave() == 0
    site.assert_gone(daemon)


@pytest.mark.parametrize(
    ("what", "said"),
    [("SystemExit", "SystemExit: 3"), ("KeyboardInterrupt", "KeyboardInterrupt"), ("Garbage", "a\\x00b")],
)
def test_what_a_job_raises_fails_the_job_and_not_the_worker(site: Site, what: str, said: str) -> None:
    job = enqueue(Raises(what))
    daemon = site.start(workers=1)
    worker = daemon.processes("worker")
    row = wait_until(lambda: (row := site.row(job.id)) and row["failed_at"] and row, "the job has failed")
    assert said in row["last_error"]
    assert row["crashes"] == 0
    enqueue(Note(site.ledger, "after"))
    site.await_line("after")
    assert daemon.processes("worker") == worker
    assert daemon.leave() == 0


def test_the_child_of_a_job_that_forks_does_no_worker_s_work(site: Site) -> None:
    enqueue(Forks(site.ledger, "f"))
    enqueue_many([Note(site.ledger, f"n{n}") for n in range(10)])
    daemon = site.start(workers=1)
    site.await_empty()
    exactly_once(site.lines(), ["f", *(f"n{n}" for n in range(10))])
    assert daemon.leave() == 0


def test_a_process_that_a_job_left_behind_does_not_hold_up_the_end(site: Site) -> None:
    pid_file = site.gate("pid")
    enqueue(LeavesChild(str(pid_file)))
    daemon = site.start(workers=1)
    site.await_empty()
    try:
        assert daemon.leave(seconds=10) == 0
    finally:
        os.kill(int(pid_file.read_text()), signal.SIGKILL)
