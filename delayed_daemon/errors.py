"""Every error of the project, in one tree.

DelayedDaemonError
├── ConfigurationError      a setting, argument or job definition is wrong; nothing was done
│   ├── InvalidOptions      several wrong settings, each with its source
│   └── InvalidJob          this object, or one of its options, cannot become a job
├── SerializationError      a value cannot be stored; names the field
├── DeserializationError    a stored handler cannot be read back
│   └── UnknownJobClass     it names a class or function that is not there (yet): the job is held
├── JobNotFound             no row has this id, or no longer
├── WrongState              the job is in a state in which this cannot be done to it
├── StoreError              the database refused or cannot be reached
│   ├── SchemaMissing       the tables are not there
│   └── SchemaTooNew        the tables were made by a newer version
├── EmbeddedServerError     the embedded PostgreSQL cannot be found, made or started
└── CannotStart             the daemon cannot start; exit code 3

MaxRunTimeExceeded          raised inside a job at its deadline; a BaseException, so that
                            ``except Exception`` in the job does not swallow it
"""

from __future__ import annotations


class DelayedDaemonError(Exception):
    """The root of the project's errors."""


class ConfigurationError(DelayedDaemonError):
    """A setting, argument or job definition is wrong; nothing was done."""


class InvalidOptions(ConfigurationError):
    """Several settings are wrong: ``problems`` has one sentence each, naming the option and its source."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class InvalidJob(ConfigurationError, ValueError):
    """This object, or one of the options given with it, cannot become a job."""


class SerializationError(DelayedDaemonError, TypeError):
    """A value of a job cannot be stored; the message names the field."""


class DeserializationError(DelayedDaemonError):
    """A stored handler cannot be read back."""


class UnknownJobClass(DeserializationError):
    """A handler names a class or function that is not there, not trusted, or not deployed yet."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name


class JobNotFound(DelayedDaemonError, LookupError):
    """No row has this id: the job was performed, or deleted, or never there."""


class WrongState(DelayedDaemonError):
    """The job is in a state, ``state``, in which this cannot be done to it; nothing was done."""

    def __init__(self, message: str, state: str) -> None:
        super().__init__(message)
        self.state = state


class StoreError(DelayedDaemonError):
    """The database refused a request of ours, or cannot be reached."""


class SchemaMissing(StoreError):
    """The tables of delayed-daemon are not in the configured schema."""


class SchemaTooNew(StoreError):
    """The tables were made by a newer version of delayed-daemon than this one."""


class EmbeddedServerError(DelayedDaemonError):
    """The embedded PostgreSQL cannot be found, made or started."""


class CannotStart(DelayedDaemonError):
    """The daemon cannot start; the process leaves with exit code 3."""


class MaxRunTimeExceeded(BaseException):
    """Raised inside a job that is still running at its ``max_run_time``."""
