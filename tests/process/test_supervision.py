"""What the supervisor makes of children, applications and databases that do not behave."""

from __future__ import annotations

import os
import resource
import shlex
import signal
import subprocess

import pytest
from chores import Deadly, Gate, Note

from delayed_daemon import enqueue, enqueue_many
from delayed_daemon.embedded.server import EmbeddedServer
from delayed_daemon.host.premises import Premises
from delayed_daemon.host.slot import State
from delayed_daemon.worker.watch import Watch
from tests.process.daemons import APPS, Site, command, environment, exactly_once
from tests.unit.children import forked
from tests.waiting import wait_until


def test_an_application_that_spoils_its_streams_and_signals_stays_in_its_own_processes(site: Site) -> None:
    daemon = site.start("--allow", "chores", app="unruly")
    holder = site.rows("SELECT id FROM delayed_daemons")
    enqueue_many([Note(site.ledger, f"n{n}") for n in range(20)])
    for _ in range(3):
        before = set(daemon.processes("worker"))
        daemon.tell(signal.SIGHUP)
        wait_until(
            lambda before=before: len(now := daemon.processes("worker")) == 2 and not set(now) & before,
            "all workers are of the new import",
        )
        wait_until(lambda: len(daemon.processes("fork server")) == 1, "no fork server of an earlier import is left")
    site.await_empty()
    exactly_once(site.lines(), [f"n{n}" for n in range(20)])
    assert site.rows("SELECT id FROM delayed_daemons") == holder
    assert daemon.leave() == 0
    assert "Traceback" not in daemon.log.read_text()
    site.assert_gone(daemon)


@pytest.mark.parametrize("streams", ["1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_closed_standard_streams_are_no_hindrance(site: Site, streams: str) -> None:
    enqueue(Note(site.ledger, "n"))
    line = f"{shlex.join(command('work-off', *site.options()))} {streams}"
    done = subprocess.run(["sh", "-c", line], cwd=APPS, env=environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert site.lines() == ["n"]


def test_leave_now_does_not_wait_for_a_database_that_is_away(own_site: Site, own_server: EmbeddedServer) -> None:
    site = own_site
    daemon = site.start("--shutdown-timeout", "300")
    enqueue(Gate(site.ledger, "held", str(site.gate())))
    site.await_line("begin-held")
    data_dir = next(own_server.data_dir.glob("pg*"))
    os.kill(int((data_dir / "postmaster.pid").read_text().splitlines()[0]), signal.SIGQUIT)
    daemon.await_event("heartbeat.failed")
    daemon.tell(signal.SIGTERM)
    daemon.await_event("daemon.draining")
    assert daemon.leave(signal.SIGQUIT, seconds=60) == 0


def test_a_stopped_fork_server_does_not_hold_up_the_end(site: Site) -> None:
    daemon = site.start("--shutdown-timeout", "1", workers=1)
    os.kill(daemon.process_of("fork server"), signal.SIGSTOP)
    os.kill(daemon.process_of("worker"), signal.SIGKILL)
    daemon.await_event("worker.died")
    assert daemon.leave(seconds=60) == 0
    site.assert_gone(daemon)


def test_the_end_is_settled_although_maintenance_is_dead_when_it_comes(site: Site) -> None:
    daemon = site.start("--shutdown-timeout", "0")
    enqueue_many([Gate(site.ledger, f"held{n}", str(site.gate())) for n in range(2)])
    site.await_line("begin-held0")
    site.await_line("begin-held1")
    for death in range(1, 5):
        os.kill(daemon.process_of("maintenance"), signal.SIGKILL)
        wait_until(lambda death=death: len(daemon.events("maintenance.died")) == death, "its death is noted")
    assert daemon.leave() == 0
    site.assert_gone(daemon)
    assert [(row["attempts"], row["crashes"]) for row in site.rows()] == [(0, 0), (0, 0)]


def test_hung_maintenance_is_replaced(site: Site) -> None:
    daemon = site.start("--lease", "3")
    os.kill(daemon.process_of("maintenance"), signal.SIGSTOP)
    daemon.await_event("maintenance.hung", seconds=60)
    enqueue(Note(site.ledger, "n"))
    site.await_empty()
    assert daemon.leave() == 0
    site.assert_gone(daemon)


def test_nothing_counts_as_complete_before_a_dead_workers_jobs_are_given_back(site: Site) -> None:
    enqueue(Gate(site.ledger, "held", str(site.gate())))
    daemon = site.start("--exit-on-complete", workers=1, ready=False)
    site.await_line("begin-held")
    os.kill(maintenance := daemon.process_of("maintenance"), signal.SIGSTOP)
    os.kill(first := daemon.process_of("worker"), signal.SIGKILL)
    successor = wait_until(
        lambda: next((pid for pid in daemon.processes("worker") if pid != first), None), "a successor is there"
    )
    site.rows("UPDATE delayed_jobs SET attempts = attempts RETURNING id")
    assert successor in daemon.processes("worker")
    assert daemon.process.poll() is None
    site.gate().touch()
    os.kill(maintenance, signal.SIGCONT)
    site.rows("UPDATE delayed_jobs SET run_at = now() RETURNING id")
    assert daemon.wait(60) == 0
    assert site.count("locked_by IS NOT NULL") == 0


def test_work_off_says_by_its_exit_code_that_a_job_took_its_worker_down(site: Site) -> None:
    enqueue(Deadly(site.ledger, "n", "SIGKILL"))
    done = site.run("work-off", *site.options())
    assert done.returncode == 1, done.stderr
    assert site.rows()[0]["attempts"] == 1


@pytest.mark.parametrize("restart_after", [1, 2])
def test_work_off_performs_no_more_than_it_is_told_while_workers_are_renewed(site: Site, restart_after: int) -> None:
    enqueue_many([Note(site.ledger, f"n{n}") for n in range(12)])
    done = site.run("work-off", "5", *site.options(), "--restart-after", str(restart_after))
    assert done.returncode == 0, done.stderr
    assert len(site.lines()) == 5
    assert site.count() == 7


def test_signals_that_rain_to_the_last_moment_change_no_exit_code(site: Site) -> None:
    daemon = site.start()
    while daemon.process.poll() is None:
        daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.returncode == 0
    assert "Traceback" not in daemon.log.read_text()


def test_more_workers_than_the_machine_has_descriptors_for_is_exit_code_3(site: Site) -> None:
    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))

    refused = subprocess.run(
        command("start", *site.options(), "--workers", "300"),
        cwd=APPS,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=few,
    )
    assert refused.returncode == 3
    assert "ulimit -n" in refused.stderr


def test_the_soft_limit_of_open_files_is_raised_as_far_as_needed() -> None:
    def limits() -> tuple[int, int]:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
        Premises(slots=150)
        return resource.getrlimit(resource.RLIMIT_NOFILE)[0], 2 * 150

    with forked(limits) as child:
        soft, doorbells = child.answer()
    assert soft > doorbells


def test_a_worker_whose_slot_went_to_another_before_its_go_leaves() -> None:
    premises = Premises(slots=1)
    slot = premises.board.slots[0]

    def orphan() -> bool:
        slot.occupy(generation=2, number=1, pool=0)
        slot.state = State.BOOTING
        return Watch(premises, slot, 1).await_go()

    with forked(orphan) as child:
        assert child.answer() is False
