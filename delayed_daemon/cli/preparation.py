"""Making the database ready for a daemon: reachable, and with the tables."""

from __future__ import annotations

import time
from pathlib import Path

import psycopg
import structlog

from delayed_daemon.backoff import Backoff
from delayed_daemon.config import Config
from delayed_daemon.embedded.holder import Holder
from delayed_daemon.embedded.server import EmbeddedServer
from delayed_daemon.errors import CannotStart, ConfigurationError
from delayed_daemon.store import migration
from delayed_daemon.store.connection import Connection, connect
from delayed_daemon.store.failures import why_refused

log = structlog.get_logger()


def prepare(config: Config, holder: Holder | None) -> str:
    """The URL of a database that answers and has the tables of this version; they are created where none are."""
    url = config.database_url
    if url is None:
        assert holder is not None
        url = EmbeddedServer(Path(config.data_dir) if config.data_dir else None).start(holder)
    connection = _connect_in_the_end(url)
    try:
        _ensure_tables(connection, config.schema)
    except psycopg.Error as error:
        raise CannotStart(f"the tables cannot be checked or created in schema {config.schema}: {error}") from error
    finally:
        connection.close()
    return url


def _connect_in_the_end(url: str) -> Connection:
    """A server that is down, starting or full is waited for; one that refuses for good is an error."""
    backoff = Backoff(0.2, 10.0)
    while True:
        try:
            return connect(url, application_name="delayed-daemon start")
        except ConfigurationError as error:
            raise CannotStart(str(error)) from error
        except psycopg.Error as error:
            if (reason := why_refused(error)) is not None:
                raise CannotStart(reason) from error
            if backoff.fresh:
                log.warning("database.awaited", error=str(error).strip())
            else:
                log.log(10, "database.awaited", error=str(error).strip())
        time.sleep(backoff.next())


def _ensure_tables(connection: Connection, schema: str) -> None:
    """Create them where there are none. Older ones are not changed under running daemons: that is asked for."""
    pending = migration.pending(connection, schema)
    if len(pending) == len(migration.migrations()):
        migration.migrate(connection, schema)
        log.info("schema.created", schema=schema)
    elif pending:
        migration.check(connection, schema)
