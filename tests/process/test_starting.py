"""What stops a daemon from starting, and what it waits for."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest
from chores import Fail, Note, Nothing

from delayed_daemon import configure, enqueue, enqueue_many
from tests.process.daemons import Daemon, Site, command, environment, is_running
from tests.servers import Database
from tests.waiting import wait_until


@pytest.fixture
def bare(database: Database, tmp_path: Path):
    """No tables yet."""
    site = Site(database, tmp_path)
    configure(database_url=database.url, schema=database.schema)
    yield site
    site.close()


def test_start_creates_the_tables_in_an_empty_database(bare: Site) -> None:
    daemon = bare.start()
    enqueue(Note(bare.ledger, "first"))
    bare.await_line("first")
    assert daemon.leave() == 0


def test_two_daemons_may_start_at_once_on_an_empty_database(bare: Site) -> None:
    daemons = [bare.start(ready=False) for _ in range(2)]
    for daemon in daemons:
        daemon.await_event("daemon.started")
    assert [daemon.leave() for daemon in daemons] == [0, 0]


def test_an_application_that_cannot_be_imported_is_exit_code_3(site: Site) -> None:
    daemon = site.start(app="broken", ready=False)
    assert daemon.wait() == 3
    said = daemon.log.read_text()
    assert "this application is broken" in said
    assert "broken.py" in said
    assert "supervisor.py" not in said
    site.assert_gone(daemon)


def test_a_module_that_is_not_there_is_exit_code_3_without_preloading_too(site: Site) -> None:
    daemon = site.start("--preload", "off", app="no_such_module", ready=False)
    assert daemon.wait() == 3
    assert "No module named 'no_such_module'" in daemon.log.read_text()
    site.assert_gone(daemon)


def test_a_missing_database_is_exit_code_3(site: Site) -> None:
    url = site.database.url.replace("/delayed?", "/nowhere?")
    assert url != site.database.url
    done = site.run("start", "--database-url", url)
    assert done.returncode == 3
    assert 'database "nowhere" does not exist' in done.stderr


def test_tables_of_a_newer_version_are_exit_code_3(site: Site) -> None:
    site.database.connect().execute("INSERT INTO delayed_migrations (version, name) VALUES (9999, 'future')")
    done = site.run("start", *site.options())
    assert done.returncode == 3
    assert "9999" in done.stderr


def test_wrong_settings_are_all_reported_at_once(site: Site) -> None:
    done = site.run("start", "--workers", "none", "--queues", "a b", "--min-priority", "3", "--max-priority", "1")
    assert done.returncode == 2
    assert all(word in done.stderr for word in ("workers", "queues", "min_priority"))


def test_a_server_that_is_down_is_waited_for_and_term_ends_the_wait(site: Site, tmp_path: Path) -> None:
    url = f"postgresql://nobody@/nothing?host={tmp_path}"
    daemon = Daemon(
        tmp_path / "waiting.log", command("start", "--database-url", url, "--log-format", "json"), environment()
    )
    site.daemons.append(daemon)
    daemon.await_event("database.awaited")
    assert daemon.leave(signal.SIGTERM, seconds=10) == 0
    assert "Traceback" not in daemon.log.read_text()


def test_work_off_performs_what_is_ready_and_leaves(site: Site) -> None:
    enqueue_many([Note(site.ledger, f"n{n}") for n in range(30)])
    done = site.run("work-off", *site.options())
    assert (done.returncode, site.count()) == (0, 0)
    assert len(site.lines()) == 30


def test_work_off_says_by_its_exit_code_that_a_job_failed(site: Site) -> None:
    enqueue(Nothing(1))
    enqueue(Fail("no"))
    done = site.run("work-off", *site.options())
    assert done.returncode == 1
    assert site.count() == 1


def test_work_off_performs_no_more_than_it_is_told(site: Site) -> None:
    enqueue_many([Note(site.ledger, f"n{n}") for n in range(30)])
    done = site.run("work-off", "7", *site.options())
    assert done.returncode == 0
    assert (len(site.lines()), site.count()) == (7, 23)
    site.assert_nothing_locked()


def test_a_supervisor_loads_neither_the_driver_nor_yaml_nor_the_application(site: Site) -> None:
    daemon = site.start("--preload", "off")
    maps = Path(f"/proc/{daemon.pid}/maps").read_text()
    assert not any(name in maps for name in ("psycopg", "libpq", "_yaml"))
    worker = Path(f"/proc/{daemon.processes('worker')[0]}/maps").read_text()
    assert "psycopg" in worker
    wait_until(lambda: len(list(Path(f"/proc/{daemon.pid}/task").iterdir())) == 1, "the supervisor has one thread")
    assert daemon.leave() == 0


@pytest.fixture
def waiting(site: Site, tmp_path: Path) -> Daemon:
    """A start that waits for a server which is down."""
    url = f"postgresql://nobody@/nothing?host={tmp_path}"
    arguments = command("start", "--database-url", url, "--log-format", "json")
    daemon = Daemon(tmp_path / "waiting.log", arguments, environment())
    site.daemons.append(daemon)
    daemon.await_event("database.awaited")
    daemon.processes()
    return daemon


@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGINT, signal.SIGTERM])
def test_a_stop_while_it_waits_for_the_database_leaves_no_process(waiting: Daemon, number: signal.Signals) -> None:
    assert len(waiting.seen) == 2
    assert waiting.leave(number, seconds=10) == 0
    wait_until(lambda: not any(map(is_running, waiting.seen)), "no process is left")
    assert "Traceback" not in waiting.log.read_text()


def test_kill_9_while_it_waits_for_the_database_leaves_no_process(waiting: Daemon) -> None:
    assert len(waiting.seen) == 2
    assert waiting.leave(signal.SIGKILL, seconds=10) == -signal.SIGKILL
    wait_until(lambda: not any(map(is_running, waiting.seen)), "the child that waits is gone, too")


def test_hup_while_it_waits_for_the_database_has_no_effect(waiting: Daemon) -> None:
    waiting.tell(signal.SIGHUP)
    assert waiting.leave(signal.SIGTERM, seconds=10) == 0


def test_ctrl_c_while_the_command_is_still_imported_is_code_130_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt\n")
    env = environment()
    done = subprocess.run(
        command("start"),
        env={**env, "PYTHONPATH": f"{tmp_path}:{env['PYTHONPATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (130, "")


def test_a_daemon_without_an_application_says_that_it_can_perform_nothing(tmp_path: Path, site: Site) -> None:
    arguments = command("start", *site.options()[:4], "--log-format", "json")
    daemon = Daemon(tmp_path / "without.log", arguments, environment())
    site.daemons.append(daemon)
    daemon.await_event("daemon.started")
    assert len(daemon.events("daemon.without_application")) == 1
    assert daemon.leave() == 0
