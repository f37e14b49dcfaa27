"""What a running daemon does with jobs of every kind."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import chores
from chores import Enqueues, Fail, FailThenWork, Gate, Importer, Note, Nothing, Overtime

from delayed_daemon import delay, enqueue, enqueue_many, send_later
from tests.process.daemons import Site, exactly_once, title_of
from tests.waiting import wait_until


def test_objects_and_delayed_calls_are_performed(site: Site) -> None:
    enqueue(Note(site.ledger, "object"))
    send_later(Importer(site.ledger), "import_file", "csv", rows=3)
    delay(Importer(site.ledger), queue="imports", priority=-1).import_file("tsv", rows=4)
    delay(chores.tidy)(site.ledger)
    send_later(chores, "tidy", site.ledger)
    enqueue(Enqueues(site.ledger, "from-a-job"))
    daemon = site.start()
    site.await_empty()
    exactly_once(site.lines(), ["object", "csv-3", "tsv-4", "tidied", "tidied", "from-a-job"])
    assert daemon.leave() == 0


def test_better_priorities_run_first(site: Site) -> None:
    for priority in (5, -3, 0, 7):
        enqueue(Note(site.ledger, f"p{priority}"), priority=priority)
    daemon = site.start(workers=1)
    site.await_empty()
    assert site.lines() == ["p-3", "p0", "p5", "p7"]
    assert daemon.leave() == 0


def test_only_the_queues_and_priorities_that_are_served_are_touched(site: Site) -> None:
    enqueue(Note(site.ledger, "mail"), queue="mail")
    enqueue(Note(site.ledger, "images"), queue="images")
    enqueue(Note(site.ledger, "late"), queue="mail", priority=11)
    daemon = site.start("--queues", "mail,imports", "--max-priority", "10")
    site.await_line("mail")
    enqueue(Note(site.ledger, "imports"), queue="imports", priority=10)
    site.await_line("imports")
    assert sorted(row["queue"] for row in site.rows()) == ["images", "mail"]
    assert daemon.leave() == 0


def test_a_failing_job_is_tried_again_until_it_works(site: Site) -> None:
    enqueue(FailThenWork(site.ledger, "f", failures=2))
    daemon = site.start("--sleep", "60")
    site.await_empty()
    assert site.lines() == ["f-0", "f-1", "f-2"]
    assert daemon.leave() == 0


def test_a_job_out_of_attempts_stays_with_its_reason_and_history(site: Site) -> None:
    job = enqueue(Fail("no luck", max_attempts=1))
    other = enqueue(Fail("later"))
    daemon = site.start()
    row = wait_until(lambda: (row := site.row(job.id)) and row["failed_at"] and row, "the job has failed")
    assert row["last_error"].startswith("ValueError: no luck\n")
    assert "chores.py" in row["last_error"]
    assert [entry["error"] for entry in row["errors"]] == ["ValueError: no luck"]
    again = wait_until(lambda: (row := site.row(other.id)) and row["last_error"] and row, "the other was tried")
    assert again["failed_at"] is None
    assert timedelta(seconds=5.9) < again["run_at"] - again["updated_at"] < timedelta(seconds=6.7)
    assert daemon.leave() == 0


def test_a_job_starts_at_once_and_not_at_the_next_poll(site: Site) -> None:
    daemon = site.start("--sleep", "3600")
    wait_until(lambda: site.rows("SELECT idle FROM delayed_daemons")[0]["idle"], "the daemon says that it is idle")
    for number in range(5):
        enqueue(Note(site.ledger, f"n{number}"))
        site.await_line(f"n{number}", seconds=10)
    assert daemon.leave() == 0


def test_a_scheduled_job_starts_when_it_is_due_and_not_before(site: Site) -> None:
    daemon = site.start("--sleep", "3600")
    began = time.monotonic()
    enqueue(Note(site.ledger, "due"), run_at=1.5)
    site.await_line("due", seconds=15)
    assert time.monotonic() - began >= 1.4
    assert daemon.leave() == 0


def test_a_job_is_due_whatever_the_time_zone(site: Site) -> None:
    there = timezone(timedelta(hours=14))
    enqueue(Note(site.ledger, "due"), run_at=datetime.now(there) - timedelta(seconds=1))
    enqueue(Note(site.ledger, "later"), run_at=datetime.now(there) + timedelta(hours=1))
    daemon = site.start(TZ="Pacific/Pago_Pago", PGTZ="Pacific/Kiritimati")
    site.await_line("due")
    assert daemon.leave() == 0
    assert (site.lines(), site.count("attempts = 0")) == (["due"], 1)


def test_without_wake_ups_polling_finds_the_job(site: Site) -> None:
    daemon = site.start("--sleep", "0.5", "--no-wake-ups")
    enqueue(Note(site.ledger, "polled"))
    site.await_line("polled", seconds=15)
    assert not site.rows("SELECT idle FROM delayed_daemons")[0]["idle"]
    assert daemon.leave() == 0


def test_a_job_past_its_max_run_time_is_interrupted(site: Site) -> None:
    job = enqueue(Overtime(site.ledger, "o", max_run_time=0.3))
    daemon = site.start(workers=1)
    worker = daemon.processes("worker")
    row = wait_until(lambda: (row := site.row(job.id)) and row["failed_at"] and row, "the job has failed")
    assert "exceeded max_run_time (0.3 s)" in row["last_error"]
    assert row["crashes"] == 0
    assert daemon.processes("worker") == worker
    assert daemon.leave() == 0


def test_a_worker_whose_alarm_rang_sleeps_again(site: Site) -> None:
    enqueue(Overtime(site.ledger, "o", max_run_time=0.2))
    daemon = site.start("--sleep", "3600", workers=1)
    wait_until(lambda: site.count("failed_at IS NOT NULL") == 1, "the job has failed")
    [worker] = daemon.processes("worker")

    def ticks() -> int:
        return sum(map(int, Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[11:13]))

    before, began = ticks(), time.monotonic()
    wait_until(lambda: time.monotonic() - began > 1.0, "a second has passed")
    assert ticks() - before < 30  # hundredths of a second of processor time
    assert daemon.leave() == 0


def test_a_job_that_ignores_its_deadline_is_ended_with_its_worker(site: Site) -> None:
    job = enqueue(Overtime(site.ledger, "o", max_run_time=0.3, stubborn=True))
    daemon = site.start(workers=1)
    row = wait_until(lambda: (row := site.row(job.id)) and row["last_error"] and row, "the job has been ended")
    assert "exceeded max_run_time (0.3 s)" in row["last_error"]
    assert row["crashes"] == 1
    enqueue(Note(site.ledger, "after"))
    site.await_line("after")
    assert daemon.leave() == 0


def test_a_job_of_an_unknown_class_is_held_and_runs_once_the_class_is_there(site: Site) -> None:
    job = enqueue(Note(site.ledger, "held"))
    elsewhere = site.start(app="json")
    row = wait_until(lambda: (row := site.row(job.id)) and row["held_until"] and row, "the job is held")
    assert "chores.Note" in row["held_reason"]
    assert (row["attempts"], row["failed_at"], row["locked_by"]) == (0, None, None)
    assert elsewhere.leave() == 0
    daemon = site.start()
    site.await_line("held")
    site.await_empty()
    assert daemon.leave() == 0


def test_a_handler_that_cannot_be_read_fails_alone(site: Site) -> None:
    connection = site.database.connect()
    for handler in ("", "!job:chores.Note {", "[" * 20_000, "!!python/object/apply:os.system ['true']", "\\"):
        if handler:
            connection.execute("INSERT INTO delayed_jobs (handler) VALUES (%s)", [handler])
    enqueue(Note(site.ledger, "fine"))
    daemon = site.start()
    site.await_line("fine")
    wait_until(lambda: site.count("failed_at IS NOT NULL") == 4, "the four have failed")
    assert all("DeserializationError" in row["last_error"] for row in site.rows())
    assert daemon.leave() == 0


def test_a_worker_is_replaced_after_exactly_so_many_jobs(site: Site) -> None:
    enqueue_many([Note(site.ledger, f"n{n}") for n in range(60)])
    daemon = site.start("--restart-after", "7")
    site.await_empty()
    exactly_once(site.lines(), [f"n{n}" for n in range(60)])
    pids = site.pids()
    assert max(pids.count(pid) for pid in pids) == 7
    assert len(set(pids)) >= 60 / 7
    assert not daemon.events("worker.died")
    assert daemon.leave() == 0
    site.assert_gone(daemon)


def test_ps_shows_the_roles_and_no_database_url(site: Site) -> None:
    daemon = site.start()
    titles = [title_of(pid) for pid in [daemon.pid, *daemon.processes()]]
    assert {"delayed-daemon: supervisor", "delayed-daemon: fork server", "delayed-daemon: maintenance"} < set(titles)
    assert sum("worker" in title for title in titles) == 2
    assert not any("postgres" in title for title in titles)
    assert daemon.leave() == 0


def test_the_pace_is_logged_once_a_stretch_and_jobs_only_when_asked(site: Site) -> None:
    enqueue_many([Nothing(n) for n in range(2000)])
    daemon = site.start("--log-jobs")
    site.await_empty()
    wait_until(lambda: sum(each["count"] for each in daemon.events("jobs.performed")) == 2000, "all are counted")
    assert all(each["rate"] > 0 and each["failed"] == 0 for each in daemon.events("jobs.performed"))
    assert daemon.leave() == 0
    assert len(daemon.events("job.completed")) == 2000
    quiet = site.start()
    enqueue(Gate(site.ledger, "g", str(site.gate())))
    site.gate().touch()
    quiet.await_event("jobs.performed")
    assert quiet.leave() == 0
    assert quiet.events("job.completed") == []


def test_an_application_that_cannot_be_forked_after_its_import_is_imported_by_each_worker(site: Site) -> None:
    enqueue(Note(site.ledger, "a"))
    daemon = site.start(app="threaded,chores")
    site.await_line("a")
    assert "left-over" in daemon.events("fork_server.not_used")[0]["reason"]
    assert daemon.leave() == 0
    site.assert_gone(daemon)


def test_without_preloading_each_worker_imports_the_application(site: Site) -> None:
    enqueue_many([Note(site.ledger, f"n{n}") for n in range(20)])
    daemon = site.start("--preload", "off", "--restart-after", "5")
    site.await_empty()
    exactly_once(site.lines(), [f"n{n}" for n in range(20)])
    assert not daemon.processes("fork server")
    assert daemon.leave() == 0
    site.assert_gone(daemon)


def test_each_pool_performs_its_own_queues_and_priorities(site: Site) -> None:
    daemon = site.start("--pool", "mail:2", "--pool", "images,reports:1:..0", "--sleep", "3600", workers=None)
    assert len(daemon.processes("worker")) == 3
    assert len(daemon.processes("worker 1 (mail)")) == len(daemon.processes("worker 3 (images,reports)")) == 1
    wait_until(lambda: site.count_idle_daemons() == 1, "the workers are idle")
    enqueue_many([Note(site.ledger, f"mail{n}") for n in range(20)], queue="mail")
    enqueue(Note(site.ledger, "image"), queue="images", priority=0)
    enqueue(Note(site.ledger, "report"), queue="reports", priority=-3, run_at=0.5)
    late = enqueue(Note(site.ledger, "late"), queue="images", priority=1)
    other = enqueue(Note(site.ledger, "other"), queue="other")
    wait_until(lambda: site.count() == 2, "all that the pools serve is performed")
    assert {row["id"] for row in site.rows()} == {late.id, other.id}
    performers = dict(line.split() for line in Path(site.ledger).read_text().splitlines())
    assert performers["image"] == performers["report"]
    assert performers["image"] not in {performers[f"mail{n}"] for n in range(20)}
    assert daemon.leave() == 0
    site.assert_gone(daemon)


def test_pools_leave_no_room_for_other_words_on_the_same(site: Site) -> None:
    refused = site.run("start", *site.options(), "--pool", "mail:2", "--workers", "3", "--queues", "a")
    assert refused.returncode == 2
    assert "workers: each pool says its own" in refused.stderr
    assert "queues: each pool says its own" in refused.stderr
