"""The first start: from nothing to a server that keeps what it is given."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psycopg
import pytest

from delayed_daemon.embedded import binaries
from delayed_daemon.embedded.server import EmbeddedServer
from delayed_daemon.errors import EmbeddedServerError
from delayed_daemon.host.processes import is_running
from tests.embedded.holders import ask, run_sql, running_pid
from tests.servers import superuser_url, throw_away_directory

INSTALLED = sorted(path for path in Path("/usr/lib/postgresql").glob("*/bin") if int(path.parent.name) >= 14)


@pytest.fixture(
    scope="module", params=[None, *INSTALLED], ids=lambda path: f"pg{path.parent.name}" if path else "first choice"
)
def started(request):
    with throw_away_directory() as directory, EmbeddedServer(directory / "data", bin_dir=request.param) as server:
        yield server


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit", "data_checksums"])
def test_committed_data_survives_a_power_failure(started, setting):
    assert ask(started.url, f"SHOW {setting}") == "on"


def test_text_is_utf8_and_sorts_the_same_everywhere(started):
    assert ask(started.url, "SHOW server_encoding") == "UTF8"
    assert ask(started.url, "SELECT upper('ß€') || '日本'") == "ß€日本"
    assert ask(started.url, "SELECT string_agg(c, '' ORDER BY c) FROM unnest('{a,B,A,b,é}'::text[]) c") == "ABabé"
    assert ask(started.url, "SHOW lc_messages") == "C"


def test_nothing_listens_on_the_network_and_only_the_owner_reaches_the_socket(started):
    assert ask(started.url, "SHOW listen_addresses") == ""
    socket_dir = Path(psycopg.conninfo.conninfo_to_dict(started.url)["host"])
    assert socket_dir.stat().st_mode & 0o777 == 0o700
    assert ask(superuser_url(started), "SELECT string_agg(auth_method, ',') FROM pg_hba_file_rules") == "trust,reject"


def test_the_application_owns_its_database_and_is_no_superuser(started):
    assert ask(started.url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    run_sql(started.url, "CREATE SCHEMA mine; CREATE TABLE mine.things (i int); DROP SCHEMA mine CASCADE")
    run_sql(started.url, "CREATE TABLE public.things (i int); DROP TABLE public.things")


def test_the_url_works_in_psql_too(started):
    psql = binaries.find().program("psql")
    result = subprocess.run([psql, "-XAtc", "SELECT 40 + 2", started.url], capture_output=True, text=True, check=True)
    assert result.stdout == "42\n"


def test_the_url_is_not_bent_by_the_variables_of_an_application(started, monkeypatch):
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGHOST", "nowhere.invalid")
    monkeypatch.setenv("PGUSER", "somebody")
    monkeypatch.setenv("PGDATABASE", "something")
    assert ask(started.url, "SELECT current_user || '@' || current_database()") == "delayed@delayed"


def test_the_server_is_no_child_of_ours_and_out_of_reach_of_the_terminal(started):
    pid = running_pid(started.data_dir)
    assert os.getsid(pid) != os.getsid(0)
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


@pytest.mark.parametrize("own_locks", ["holders.lock", "start.lock"])
def test_the_server_has_none_of_our_files_open(started, own_locks):
    files = [str(link.readlink()) for link in Path(f"/proc/{running_pid(started.data_dir)}/fd").glob("*")]
    assert str(started.data_dir / own_locks) not in files


def test_failing_statements_neither_fill_the_log_nor_leak_into_it(started):
    for _ in range(3):
        with pytest.raises(psycopg.errors.UndefinedTable):
            run_sql(started.url, "SELECT 'a secret' FROM missing")
    log = (started.data_dir / "server.log").read_text()
    assert "ready to accept connections" in log
    assert "secret" not in log


def test_six_commands_at_once_share_one_server(hold, data_dir):
    processes = [hold() for _ in range(6)]
    urls = {process.url() for process in processes}
    assert len(urls) == 1
    assert ask(urls.pop(), "SELECT 1") == 1
    assert len(list(data_dir.glob("pg*"))) == 1
    pid = running_pid(data_dir)
    assert [process.leave() for process in processes] == [0] * 6
    assert not is_running(pid)


def test_a_locale_that_is_not_installed_does_no_harm(hold):
    process = hold(LANG="de_DE.UTF-8", LC_ALL="xx_XX.UTF-8", LC_CTYPE="ja_JP.eucJP", LANGUAGE="de")
    assert ask(process.url(), "SHOW server_encoding") == "UTF8"


def test_the_variables_of_another_postgresql_do_no_harm(hold, data_dir):
    process = hold(PGDATA="/nonexistent", PGPORT="1", PGHOST="nowhere.invalid", PGUSER="somebody", PGDATABASE="x")
    assert ask(process.url(), "SELECT current_database()") == "delayed"


@pytest.mark.parametrize(
    "name",
    [
        "Application Support, \"quoted\" and 'quoted' $HOME `id` 100%",
        f"{'long' * 40}",
        "-pg; rm x & ünïcödé \\ back",
    ],
    ids=["spaces and quotes", "150 characters", "shell syntax"],
)
def test_any_path_will_do(directory, name):
    with EmbeddedServer(directory / name, durable=False) as server:
        assert ask(superuser_url(server), "SHOW data_directory").startswith(str(directory / name))
        assert EmbeddedServer(directory / name).find() == server.url
        socket_dir = Path(psycopg.conninfo.conninfo_to_dict(server.url)["host"])
        assert socket_dir.is_dir()
    assert EmbeddedServer(directory / name).find() is None
    assert not socket_dir.exists()


def initdb_that_fails(directory: Path) -> Path:
    """Programs whose ``initdb`` runs out of room half way."""
    directory.mkdir()
    (directory / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 18.4'\n")
    (directory / "initdb").write_text(
        '#!/bin/sh\nwhile [ "$1" != --pgdata ]; do shift; done\nmkdir "$2/base" && echo 18 >"$2/PG_VERSION"\n'
        "echo 'could not write: No space left on device' >&2\nexit 1\n"
    )
    for program in directory.iterdir():
        program.chmod(0o755)
    directory.chmod(0o755)
    return directory


def test_a_cluster_that_could_not_be_completed_leaves_nothing_and_can_be_tried_again(directory, data_dir):
    with pytest.raises(EmbeddedServerError, match=r"(?s)could not be made.*No space left on device.*--data-dir"):
        EmbeddedServer(data_dir, bin_dir=initdb_that_fails(directory / "bin")).acquire()
    assert sorted(path.name for path in data_dir.iterdir()) == ["holders.lock", "start.lock"]
    with EmbeddedServer(data_dir, durable=False) as server:
        assert ask(server.url, "SELECT 1") == 1


def test_what_an_earlier_start_killed_half_way_left_is_removed(data_dir):
    leftover = data_dir / "unfinished-abc" / "base"
    leftover.mkdir(parents=True)
    data_dir.chmod(0o755)
    with EmbeddedServer(data_dir, durable=False):
        assert not leftover.exists()
        assert not list(data_dir.glob("unfinished-*"))


def test_a_server_that_will_not_start_is_explained_from_its_log(data_dir):
    with EmbeddedServer(data_dir, durable=False):
        pass
    settings = next(data_dir.glob("pg*/postgresql.conf"))
    settings.write_text(settings.read_text() + "\nshared_buffers = 'a lot'\n")
    with pytest.raises(EmbeddedServerError, match=r"(?s)server\.log says:.*shared_buffers"):
        EmbeddedServer(data_dir).acquire()


def test_a_missing_database_is_made_at_the_next_start(data_dir):
    with EmbeddedServer(data_dir, durable=False) as server:
        run_sql(superuser_url(server).replace("/delayed?", "/postgres?"), "DROP DATABASE delayed")
    with EmbeddedServer(data_dir) as server:
        assert ask(server.url, "SELECT current_database()") == "delayed"


def test_an_older_version_of_the_wheel_keeps_its_cluster(data_dir):
    found = binaries.find()
    older = found.directory.parent.with_name("pginstall") / "bin"
    with EmbeddedServer(data_dir, durable=False, bin_dir=older) as server:
        run_sql(server.url, "CREATE TABLE kept (i int)")
    with EmbeddedServer(data_dir) as server:
        assert ask(server.url, "SHOW server_version_num") < "170000"
        assert ask(server.url, "SELECT count(*) FROM kept") == 0
    with pytest.raises(EmbeddedServerError, match=r"made by PostgreSQL 16.*pg_upgrade"):
        EmbeddedServer(data_dir, bin_dir=found.directory).acquire()
    assert [path.name for path in data_dir.glob("pg*")] == ["pg16"]
