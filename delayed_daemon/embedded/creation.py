"""Making a new cluster: whole, or not at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from delayed_daemon.embedded.account import Account
from delayed_daemon.embedded.binaries import Binaries
from delayed_daemon.embedded.cluster import Cluster
from delayed_daemon.errors import EmbeddedServerError

SUPERUSER = "postgres"

# Errors of statements go to whoever sent them; here they would grow the file without bound, and copy payloads into it.
_SETTINGS = """
# Set by delayed-daemon when it made this cluster; change them as you like.
listen_addresses = ''
max_connections = 200
unix_socket_permissions = 0700
log_min_messages = log
log_min_error_statement = panic
log_checkpoints = off
"""
_THROW_AWAY_SETTINGS = """
fsync = off
full_page_writes = off
"""
# The directory of the socket lets nobody in but the server's account and root.
_ACCESS = """\
local all all trust
host all all all reject
"""


def create(data_dir: Path, binaries: Binaries, account: Account, *, durable: bool) -> Cluster:
    """A new cluster in ``data_dir``; it gets its final name only when it is complete.

    Raises EmbeddedServerError with what ``initdb`` said; nothing is left behind then.
    """
    _remove_unfinished(data_dir)
    unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=data_dir))
    try:
        account.own(unfinished)
        _initdb(unfinished, binaries, account, durable=durable)
        _configure(unfinished, durable=durable)
        return Cluster(unfinished.rename(data_dir / f"pg{binaries.major}"), binaries.major)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def clean_environment() -> dict[str, str]:
    """This process's environment without what would change PostgreSQL's ways: its own variables, and the locale."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C"}


def _remove_unfinished(data_dir: Path) -> None:
    for leftover in data_dir.glob("unfinished-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _initdb(path: Path, binaries: Binaries, account: Account, *, durable: bool) -> None:
    command = [binaries.program("initdb"), "--pgdata", str(path), "--username", SUPERUSER, "--auth", "trust"]
    command += ["--encoding", "UTF8", "--data-checksums", *_locale(binaries)]
    if not durable:
        command.append("--no-sync")
    result = subprocess.run(
        command,
        cwd="/",
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        **account.switch(),
    )
    if result.returncode:
        said = "\n".join(result.stdout.splitlines()[-8:])
        raise EmbeddedServerError(
            f"a new PostgreSQL cluster could not be made in {path.parent}; initdb (exit code {result.returncode}) "
            f"said:\n{said}\nMake room or choose another directory with --data-dir"
        )


def _locale(binaries: Binaries) -> list[str]:
    # The built-in provider sorts the same everywhere, whatever the C library is upgraded to.
    if binaries.major >= 17:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C"]


def _configure(path: Path, *, durable: bool) -> None:
    with (path / "postgresql.conf").open("a") as settings:
        settings.write(_SETTINGS if durable else _SETTINGS + _THROW_AWAY_SETTINGS)
    (path / "pg_hba.conf").write_text(_ACCESS)
