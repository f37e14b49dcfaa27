from __future__ import annotations

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import make_conninfo

from delayed_daemon.store.connection import AnswerOverdue, ReadOnlyServer
from delayed_daemon.store.failures import Remedy, classify, why_refused, why_unreachable
from tests.store.peers import refusing_server

_REMEDIES = {
    Remedy.RECONNECT: [
        errors.AdminShutdown, errors.CrashShutdown, errors.CannotConnectNow, errors.IdleSessionTimeout,
        errors.ReadOnlySqlTransaction, errors.IdleInTransactionSessionTimeout, errors.ConnectionFailure,
        errors.InvalidSqlStatementName, errors.FeatureNotSupported, psycopg.OperationalError, psycopg.InterfaceError,
        errors.ConnectionTimeout, AnswerOverdue, ReadOnlyServer, ConnectionResetError,
    ],
    Remedy.RETRY: [
        errors.SerializationFailure, errors.DeadlockDetected, errors.StatementCompletionUnknown, errors.LockNotAvailable,
        errors.QueryCanceled, errors.DiskFull, errors.OutOfMemory, errors.TooManyConnections, errors.ObjectInUse,
        errors.IoError, errors.InternalError_, errors.PipelineAborted,
    ],
    Remedy.BAD_ROW: [
        errors.UniqueViolation, errors.CheckViolation, errors.NotNullViolation, errors.ForeignKeyViolation,
        errors.UntranslatableCharacter, errors.InvalidTextRepresentation, errors.DatetimeFieldOverflow,
        errors.RaiseException, errors.ProgramLimitExceeded, psycopg.DataError,
    ],
    Remedy.PERMANENT: [
        errors.UndefinedTable, errors.UndefinedColumn, errors.InsufficientPrivilege, errors.SyntaxError, ValueError,
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("remedy", "error"), [(remedy, error) for remedy, kinds in _REMEDIES.items() for error in kinds]
)
def test_an_error_has_its_remedy(remedy, error):
    assert classify(error("text")) is remedy


def test_text_that_is_no_text_is_a_bad_row():
    with pytest.raises(UnicodeEncodeError) as caught:
        "\ud800".encode()
    assert classify(caught.value) is Remedy.BAD_ROW


def test_a_server_that_answers_is_reachable(database):
    assert why_unreachable(database.url) is None


def test_a_missing_database_or_role_is_told(database):
    assert 'database "nowhere" does not exist' in why_unreachable(make_conninfo(database.url, dbname="nowhere"))
    assert 'role "nobody-here" does not exist' in why_unreachable(make_conninfo(database.url, user="nobody-here"))


def test_a_setting_that_libpq_does_not_know_is_told(database):
    assert 'sslmode value: "sideways"' in why_unreachable(make_conninfo(database.url, sslmode="sideways"))


def test_a_url_that_cannot_be_read_is_told_without_its_text():
    sentence = why_unreachable("host=x secret-word")
    assert "not a PostgreSQL URL" in sentence
    assert "secret-word" not in sentence


@pytest.mark.parametrize(
    ("sqlstate", "message"),
    [
        ("28P01", 'password authentication failed for user "someone"'),
        ("28000", 'Peer authentication failed for user "someone"'),
        ("28000", 'no pg_hba.conf entry for host "10.0.0.9", user "someone", database "shop", no encryption'),
        ("28000", 'pg_hba.conf rejects connection for host "10.0.0.9", user "someone", database "shop", no encryption'),
        ("28000", 'role "someone" is not permitted to log in'),
        ("28000", 'role "someone" does not exist'),
        ("3D000", 'database "shop" does not exist'),
        ("42501", 'permission denied for database "shop"'),
    ],
)
def test_what_waiting_cannot_cure_is_told_without_secrets(sqlstate, message):
    with refusing_server(sqlstate, message) as url:
        sentence = why_unreachable(url)
    assert message in sentence
    assert "secret-word" not in sentence


@pytest.mark.parametrize(
    ("sqlstate", "message"),
    [
        ("57P03", "the database system is starting up"),
        ("57P03", "the database system is shutting down"),
        ("57P03", "the database system is in recovery mode"),
        ("57P03", "the database system is not yet accepting connections"),
        ("53300", "sorry, too many clients already"),
        ("53300", 'too many connections for role "someone"'),
        ("XX000", "something nobody has seen before"),
    ],
)
def test_what_may_pass_is_worth_waiting_for(sqlstate, message):
    with refusing_server(sqlstate, message) as url:
        assert why_unreachable(url) is None


def test_a_server_that_is_not_there_is_worth_waiting_for(tmp_path):
    assert why_unreachable(f"postgresql:///x?host={tmp_path}") is None


def test_a_read_only_server_is_worth_waiting_for(database):
    assert why_unreachable(make_conninfo(database.url, options="-c default_transaction_read_only=on")) is None


def test_of_several_hosts_all_must_refuse_for_good(database, tmp_path):
    down_and_wrong = make_conninfo(
        database.url, dbname="nowhere", host=f"{tmp_path},{_host(database.url)}", port="5432,5432"
    )
    assert why_unreachable(down_and_wrong) is None
    both_wrong = make_conninfo(database.url, dbname="nowhere", host=f"{_host(database.url)},{_host(database.url)}")
    assert 'database "nowhere" does not exist' in why_unreachable(both_wrong)


def test_a_password_that_is_missing_is_told():
    error = psycopg.OperationalError("connection failed: fe_sendauth: no password supplied")
    assert "no password supplied" in why_refused(error)


def _host(url: str) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(url)["host"])
