"""The settings of the daemon and of the producing side: each written once, here.

The command line's options, the ``DELAYED_DAEMON_…`` names and the keys of the configuration file
are derived from the fields of `Config`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


def option(default: Any, help: str, **traits: Any) -> Any:
    """A field of `Config` with its help text.

    Traits: ``short`` (a one-letter flag), ``metavar``, ``least`` and ``most`` (inclusive bounds),
    ``choices``, ``pattern`` (a regular expression the whole value must match), ``secret`` (never shown).
    """
    return field(default=default, metadata={"help": help, **traits})


@dataclass(frozen=True, kw_only=True)
class Config:
    """The effective settings. Durations are seconds."""

    workers: int = option(1, "worker processes", short="n", least=1, most=1024)
    app: tuple[str, ...] = option((), "modules to import: your jobs (repeatable)", metavar="MODULE")
    allow: tuple[str, ...] = option((), "further modules whose classes and functions a job may name", metavar="MODULE")
    database_url: str | None = option(
        None, "PostgreSQL to use; without it, an embedded one", metavar="URL", secret=True
    )
    data_dir: str | None = option(None, "where the embedded PostgreSQL keeps its data", metavar="DIR")
    schema: str = option("public", "schema that holds the tables", pattern=r"[a-z_][a-z0-9_]{0,62}")
    queues: tuple[str, ...] = option((), "queues to serve, separated by commas; all unless given", metavar="A,B")
    min_priority: int | None = option(
        None, "serve only priorities of at least this number", least=-(2**31), most=2**31 - 1
    )
    max_priority: int | None = option(
        None, "serve only priorities of at most this number", least=-(2**31), most=2**31 - 1
    )
    restart_after: int | None = option(
        None,
        "replace a worker after this many jobs; 0 never; unless given, 1000 for workers older than a minute",
        least=0,
    )
    sleep: float = option(
        15.0, "longest wait between two looks for jobs, when nothing wakes a worker", least=0.05, most=3600
    )
    read_ahead: int = option(500, "most jobs a worker claims at once", least=1, most=1000)
    max_attempts: int = option(25, "attempts before a job counts as failed", least=1, most=10000)
    max_run_time: float = option(4 * 3600.0, "longest a job may run", least=0.1)
    max_crashes: int = option(5, "workers a job may take down before it is quarantined", least=1)
    shutdown_timeout: float = option(25.0, "longest wait for running jobs when stopping", least=0)
    lease: float = option(30.0, "how long a daemon's claims stand without a heartbeat", least=1, most=3600)
    exit_on_complete: bool = option(False, "leave when no job is ready")
    name: str | None = option(
        None, "name of this daemon; the host's name unless given", pattern=r"[A-Za-z0-9_.-]{1,100}"
    )
    preload: str = option(
        "auto", "import the application once and fork workers from there", choices=("auto", "on", "off")
    )
    wake_ups: bool = option(True, "use NOTIFY and LISTEN, so that a job starts at once")
    log_level: str = option("info", "least level to log", choices=("debug", "info", "warning", "error"))
    log_format: str = option("auto", "pretty on a terminal, else JSON", choices=("auto", "pretty", "json"))
    log_jobs: bool = option(False, "a log line for every job")
