"""The settings of the daemon and of the producing side: each written once, here.

The command line's options, the ``DELAYED_DAEMON_…`` names and the keys of the configuration file
are derived from the fields of `Config`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NewType

from delayed_daemon.job import DEFAULT_QUEUE, QUEUE_NAME

Size = NewType("Size", int)
"""A number of bytes."""

_MIB = 2**20
_MOST_BYTES = 2**50
_YEAR_SECONDS = 366 * 86400.0
LARGEST_INTEGER = 2**31 - 1  # of a PostgreSQL integer
MOST_WORKERS = 1024

_MODULE = r"[^\W\d]\w*(\.[^\W\d]\w*)*"


def option(default: Any, help: str, *, section: str, **traits: Any) -> Any:
    """A field of `Config` with its help text and the heading that ``--help`` lists it under.

    Traits: ``short`` (a one-letter flag), ``metavar``, ``least`` and ``most`` (inclusive bounds),
    ``choices``, ``pattern`` (a regular expression the whole value, or each member of a list, must
    match) with ``form`` (the same in words), ``path`` (made absolute, ``~`` understood),
    ``secret`` (a database address, whose password is never shown). A field of type
    ``tuple[tuple[str, …], …]`` is a mapping: ``pattern`` is of its keys, and of values that are text,
    the bounds are of its values, and ``leaf`` is the one key of the mappings inside it, as in
    ``{mail: {priority: -10}}``.
    """
    shown = not traits.get("secret", False)
    return field(default=default, repr=shown, metadata={"help": help, "section": section, **traits})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Workers that serve the same jobs. No queues means all; priorities include both ends."""

    queues: tuple[str, ...] = ()
    workers: int = 1
    min_priority: int | None = None
    max_priority: int | None = None

    def serves(self, queue: str, priority: int) -> bool:
        """A worker of this pool may claim such a job."""
        return (
            (not self.queues or queue in self.queues)
            and (self.min_priority is None or priority >= self.min_priority)
            and (self.max_priority is None or priority <= self.max_priority)
        )


@dataclass(frozen=True, kw_only=True)
class Config:
    """The effective settings. Durations are seconds."""

    app: tuple[str, ...] = option(
        (),
        "modules to import: your jobs (repeatable)",
        section="Application",
        metavar="MODULE",
        pattern=_MODULE,
        form="a module name like shop.jobs",
    )
    allow: tuple[str, ...] = option(
        (),
        "further modules whose classes and functions a job may name",
        section="Application",
        metavar="MODULE",
        pattern=_MODULE,
        form="a module name like shop.jobs",
    )
    aliases: tuple[tuple[str, str], ...] = option(
        (),
        "new names of renamed classes and modules, for jobs that have the old ones (repeatable)",
        section="Application",
        metavar="OLD=NEW",
        pattern=_MODULE,
        form="a name like shop.jobs or shop.jobs.Mailer",
    )
    preload: str = option(
        "auto",
        "import the application once and fork workers from there",
        section="Application",
        choices=("auto", "on", "off"),
    )
    database_url: str | None = option(
        None, "PostgreSQL to use; without it, an embedded one", section="Database", metavar="URL", secret=True
    )
    data_dir: str | None = option(
        None, "where the embedded PostgreSQL keeps its data", section="Database", metavar="DIR", path=True
    )
    schema: str = option(
        "public",
        "schema that holds the tables",
        section="Database",
        pattern=r"(?!pg_)[a-z_][a-z0-9_]{0,62}",
        form="at most 63 of a-z, 0-9 and _, not starting with a digit or pg_",
    )
    wake_ups: bool = option(True, "use NOTIFY and LISTEN, so that a job starts at once", section="Database")
    workers: int = option(1, "worker processes", section="Work", short="n", least=1, most=MOST_WORKERS)
    queues: tuple[str, ...] = option(
        (),
        "queues to serve, separated by commas; all unless given",
        section="Work",
        metavar="A,B",
        pattern=QUEUE_NAME,
        form="1 to 100 characters without a comma, white space or control characters",
    )
    min_priority: int | None = option(
        None,
        "serve only priorities of at least this number",
        section="Work",
        least=-LARGEST_INTEGER - 1,
        most=LARGEST_INTEGER,
    )
    max_priority: int | None = option(
        None,
        "serve only priorities of at most this number",
        section="Work",
        least=-LARGEST_INTEGER - 1,
        most=LARGEST_INTEGER,
    )
    pool: tuple[Pool, ...] = option(
        (),
        "a pool of workers of its own: queues (* for all), and how many (repeatable)",
        section="Work",
        metavar="A,B:N",
    )
    read_ahead: int = option(500, "most jobs a worker claims at once", section="Work", least=1, most=1000)
    sleep: float = option(
        15.0,
        "longest wait between two looks for jobs, when nothing wakes a worker",
        section="Work",
        least=0.05,
        most=3600,
    )
    exit_on_complete: bool = option(False, "leave when no job is ready", section="Work")
    max_attempts: int = option(25, "attempts before a job counts as failed", section="Jobs", least=1, most=10000)
    max_run_time: float = option(4 * 3600.0, "longest a job may run", section="Jobs", least=0.1, most=_YEAR_SECONDS)
    max_memory: Size | None = option(  # noqa: RUF009 - `option` gives a field
        None,
        "most private memory of one worker; a job that exceeds it is ended with its worker",
        section="Jobs",
        least=_MIB,
        most=_MOST_BYTES,
    )
    max_crashes: int = option(
        5,
        "workers a job may take down before it is quarantined",
        section="Jobs",
        least=1,
        most=LARGEST_INTEGER,
    )
    keep_failed: float | None = option(
        None,
        "how long failed jobs are kept; for ever unless given",
        section="Jobs",
        least=0,
        most=100 * _YEAR_SECONDS,
    )
    default_queue: str = option(
        DEFAULT_QUEUE,
        "queue of a job that names none",
        section="Jobs",
        pattern=QUEUE_NAME,
        form="1 to 100 characters without a comma, white space or control characters",
    )
    default_priority: int = option(
        0,
        "priority of a job that has none, nor its queue",
        section="Jobs",
        least=-LARGEST_INTEGER - 1,
        most=LARGEST_INTEGER,
    )
    queue_attributes: tuple[tuple[str, int], ...] = option(
        (),
        "priority of a job that has none, by its queue",
        section="Jobs",
        metavar="QUEUE.priority=NUMBER",
        pattern=QUEUE_NAME,
        form="1 to 100 characters without a comma, white space or control characters",
        leaf="priority",
        least=-LARGEST_INTEGER - 1,
        most=LARGEST_INTEGER,
    )
    priorities: tuple[tuple[str, int], ...] = option(
        (),
        "priorities by name",
        section="Jobs",
        metavar="NAME=NUMBER",
        pattern=r"[a-z_][a-z0-9_-]{0,62}",
        form="a name of a-z, 0-9, _ and -",
        least=-LARGEST_INTEGER - 1,
        most=LARGEST_INTEGER,
    )
    delay_jobs: bool = option(
        True, "put jobs into the table; no: perform them at once, where they are enqueued", section="Jobs"
    )
    name: str | None = option(
        None,
        "name of this daemon; the host's name unless given",
        section="Processes",
        pattern=r"[A-Za-z0-9_.-]{1,100}",
        form="at most 100 of A-Z, a-z, 0-9, _, . and -",
    )
    restart_after: int | None = option(
        None,
        "replace a worker after this many jobs; 0 never; unless given, 1000 for workers older than a minute",
        section="Processes",
        least=0,
        most=LARGEST_INTEGER,
    )
    max_age: float | None = option(
        None, "replace a worker that is older", section="Processes", least=1, most=_YEAR_SECONDS
    )
    max_memory_growth: Size | None = option(  # noqa: RUF009 - `option` gives a field
        None,
        "replace a worker whose private memory has grown by more since its fork",
        section="Processes",
        least=_MIB,
        most=_MOST_BYTES,
    )
    shutdown_timeout: float = option(
        25.0, "longest wait for running jobs when stopping", section="Processes", least=0, most=_YEAR_SECONDS
    )
    lease: float = option(
        30.0, "how long a daemon's claims stand without a heartbeat", section="Processes", least=1, most=3600
    )
    log_level: str = option("info", "least level to log", section="Log", choices=("debug", "info", "warning", "error"))
    log_format: str = option(
        "auto", "pretty on a terminal, else JSON", section="Log", choices=("auto", "pretty", "json")
    )
    log_jobs: bool = option(False, "a log line for every job", section="Log")

    @property
    def pools(self) -> tuple[Pool, ...]:
        """The pools of workers; one, of `workers`, `queues` and the priorities, unless pools are named."""
        alone = Pool(
            queues=self.queues,
            workers=self.workers,
            min_priority=self.min_priority,
            max_priority=self.max_priority,
        )
        return self.pool or (alone,)
