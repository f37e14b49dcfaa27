from __future__ import annotations

import os
import signal
import time
import uuid

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from delayed_daemon.errors import ConfigurationError
from delayed_daemon.store.connection import AnswerOverdue, ReadOnlyServer, connect
from delayed_daemon.store.failures import Remedy, classify
from delayed_daemon.store.migration import migrate
from delayed_daemon.store.queue import JobQueue
from tests.servers import superuser_url
from tests.store.peers import proxy_before
from tests.store.sessions import Claimant

_BOUND_SECONDS = 60.0
_DBA_SETTINGS = {
    "jit": "on",
    "enable_seqscan": "on",
    "enable_indexscan": "off",
    "enable_sort": "off",
    "enable_tidscan": "off",
    "plan_cache_mode": "force_custom_plan",
    "default_transaction_isolation": "serializable",
    "statement_timeout": "5000",
    "lock_timeout": "1000",
    "idle_session_timeout": "7000",
    "DateStyle": "German",
    "TimeZone": "Australia/Lord_Howe",
    "client_encoding": "LATIN1",
}


def _with_options(url: str, **settings: str) -> str:
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return make_conninfo(url, options=options)


def _connect(url: str, **traits):
    return connect(url, application_name="delayed-daemon test", **traits)


def test_a_session_does_not_depend_on_what_a_dba_has_set(database):
    settings = {name: value for name, value in _DBA_SETTINGS.items() if name != "client_encoding"}
    with _connect(_with_options(database.url, **settings)) as connection:
        found = {name: connection.execute(f"SHOW {name}").fetchone()[0] for name in _DBA_SETTINGS}
    assert found == {
        "jit": "off",
        "enable_seqscan": "off",
        "enable_indexscan": "on",
        "enable_sort": "on",
        "enable_tidscan": "on",
        "plan_cache_mode": "force_generic_plan",
        "default_transaction_isolation": "read committed",
        "statement_timeout": "1min",
        "lock_timeout": "5s",
        "idle_session_timeout": "0",
        "DateStyle": "ISO, YMD",
        "TimeZone": "UTC",
        "client_encoding": "UTF8",
    }


def test_a_session_is_known_by_its_name_and_commits_each_statement(database):
    with _connect(database.url) as connection:
        assert connection.autocommit
        assert connection.execute("SHOW application_name").fetchone() == ("delayed-daemon test",)


def test_what_the_url_says_stands(database):
    with _connect(make_conninfo(database.url, keepalives_idle=77, options="-c work_mem=1MB")) as connection:
        assert connection.info.get_parameters()["keepalives_idle"] == "77"
        assert connection.execute("SHOW work_mem").fetchone() == ("1MB",)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:secret-word@host:1:2/x",
        "postgresql://u:secret-word/more@host/x",
        "secret-word",
        "host=x secret-word",
    ],
)
def test_a_url_that_cannot_be_read_is_not_repeated_in_the_error(url):
    with pytest.raises(ConfigurationError) as caught:
        _connect(url)
    assert "secret-word" not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_a_password_with_an_unescaped_at_sign_is_explained_and_not_shown():
    with pytest.raises(ConfigurationError, match="%40") as caught:
        _connect("postgresql://user:half@secret-word@db.invalid/x")
    assert "secret-word" not in str(caught.value)


def test_an_unreachable_server_is_an_error_without_the_password(tmp_path):
    with pytest.raises(psycopg.OperationalError) as caught:
        _connect(f"postgresql://u:secret-word@/x?host={tmp_path}")
    assert "secret-word" not in str(caught.value)
    assert classify(caught.value) is Remedy.RECONNECT


def test_a_server_that_takes_no_writes_is_refused_and_left(database):
    with pytest.raises(ReadOnlyServer) as caught:
        _connect(_with_options(database.url, default_transaction_read_only="on"))
    assert classify(caught.value) is Remedy.RECONNECT


def test_text_of_no_known_encoding_stops_no_claim(server, database):
    url, name = superuser_url(server), f"ascii_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as admin:
        provider = "LOCALE_PROVIDER libc" if admin.info.server_version >= 150000 else ""
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C' {provider}")
        try:
            with _connect(make_conninfo(url, dbname=name)) as connection:
                migrate(connection, "jobs")
                connection.execute(r"INSERT INTO jobs.delayed_jobs (handler) VALUES (E'caf\xe9')")
                (job,) = Claimant(JobQueue(connection, "jobs")).claim()
                assert job.handler == "caf\ufffd"
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _overdue(connection, act) -> float:
    """How long it took until ``act`` was given up; the connection is gone afterwards."""
    connection.deadline_seconds = 0.3
    began = time.monotonic()
    with pytest.raises(AnswerOverdue) as caught:
        act()
    assert connection.closed
    assert connection.broken
    assert classify(caught.value) is Remedy.RECONNECT
    return time.monotonic() - began


def test_a_peer_that_stalls_and_yet_acknowledges_is_given_up(database):
    with proxy_before(database.url) as proxy:
        connection = _connect(proxy.url)
        assert connection.execute("SELECT 1").fetchone() == (1,)
        proxy.stall()
        assert _overdue(connection, lambda: connection.execute("SELECT 1")) < _BOUND_SECONDS
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def test_a_stall_in_the_middle_of_a_pipeline_is_given_up(sessions):
    sessions.add(3)
    with proxy_before(sessions.url) as proxy:
        connection = _connect(proxy.url)
        worker = Claimant(JobQueue(connection, sessions.schema))
        (job,) = worker.claim()
        proxy.stall()
        assert (
            _overdue(connection, lambda: worker.queue.settle_and_claim([(job.id, 1)], worker.prefix, 1, worker.token))
            < _BOUND_SECONDS
        )


def test_a_stall_with_more_to_send_than_fits_is_given_up(database):
    with proxy_before(database.url) as proxy:
        connection = _connect(proxy.url)
        proxy.stall()
        text = "x" * 50_000_000
        assert _overdue(connection, lambda: connection.execute("SELECT length(%s::text)", [text])) < _BOUND_SECONDS


def test_a_stall_while_connecting_is_given_up(database):
    with proxy_before(database.url) as proxy:
        proxy.stall()
        began = time.monotonic()
        with pytest.raises(psycopg.OperationalError) as caught:
            _connect(proxy.url, connect_timeout=2)
        assert time.monotonic() - began < _BOUND_SECONDS
        assert classify(caught.value) is Remedy.RECONNECT


def test_a_frozen_server_process_is_given_up(database):
    connection = _connect(database.url)
    pid = connection.info.backend_pid
    os.kill(pid, signal.SIGSTOP)
    try:
        assert _overdue(connection, lambda: connection.execute("SELECT 1")) < _BOUND_SECONDS
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_slow_answer_within_the_deadline_is_waited_for(database):
    with _connect(database.url, deadline_seconds=_BOUND_SECONDS) as connection:
        assert connection.execute("SELECT 1 FROM pg_sleep(0.5)").fetchone() == (1,)


def test_listening_is_not_cut_short_by_the_deadline(database):
    with _connect(database.url, deadline_seconds=_BOUND_SECONDS) as connection:
        connection.execute("LISTEN somewhere")
        connection.deadline_seconds = 0.1
        assert list(connection.notifies(timeout=0.4)) == []
        assert not connection.closed


def test_a_session_that_was_terminated_asks_for_a_new_connection(sessions):
    connection = sessions.connect()
    sessions.run("SELECT pg_terminate_backend(%s::int, 10000)", [connection.info.backend_pid])
    with pytest.raises(psycopg.OperationalError) as caught:
        connection.execute("SELECT 1")
    assert classify(caught.value) is Remedy.RECONNECT


def test_a_host_list_looks_for_the_one_that_can_be_written_to(database):
    parameters = conninfo_to_dict(database.url)
    url = make_conninfo(database.url, host=f"/nowhere,{parameters['host']}", port=f"5432,{parameters['port']}")
    with _connect(url) as connection:
        assert connection.info.get_parameters()["target_session_attrs"] == "read-write"
