"""Which database and schema the producing side uses."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from typing import Any

from delayed_daemon.config import Config
from delayed_daemon.errors import InvalidOptions
from delayed_daemon.job import Job
from delayed_daemon.settings import file_named, resolve
from delayed_daemon.store.statements import statements


class Configuration:
    """The settings of this process: resolved when first needed, or given."""

    def __init__(self) -> None:
        self._config: Config | None = None
        self._predicate: Callable[..., object] | None = None
        self.revision = 0
        self._loaded = -1

    @property
    def current(self) -> Config:
        if self._config is None:
            self._config = resolve({}, os.environ, file_named(None, os.environ)).config
        return self._config

    @property
    def is_loaded(self) -> bool:
        """Whether the settings and their schema's statements are here, so that no file is read any more."""
        return self._loaded == self.revision

    def load(self) -> None:
        revision = self.revision
        statements(self.current.schema)
        self._loaded = revision

    @property
    def delays_all(self) -> bool:
        return self._predicate is None and self.current.delay_jobs

    def delays(self, job: Job) -> bool:
        """Whether the job goes into the table, or is performed at once."""
        if self._predicate is None:
            return self.current.delay_jobs
        return bool(self._predicate(job))

    def use(self, config: Config, predicate: Callable[..., object] | None = None) -> None:
        self._config = config
        self._predicate = predicate
        self.revision += 1


configuration = Configuration()


def configure(**options: Any) -> Config:
    """Set the producing side's settings, by the names of the daemon's options: ``database_url``, ``schema``, …

    What is not given comes from the environment (``DATABASE_URL``, ``DELAYED_DAEMON_…``) and the file that
    ``DELAYED_DAEMON_CONFIG`` names. ``delay_jobs`` may be a callable, too: given the `Job`, or nothing if it takes
    nothing, it says whether the job goes into the table or is performed at once. Without a
    call, environment and file alone count. Returns the effective settings; raises `InvalidOptions` with every problem.
    """
    predicate = _predicate(options.pop("delay_jobs")) if callable(options.get("delay_jobs")) else None
    config = resolve(options, os.environ, file_named(None, os.environ), caller="configure()").config
    configuration.use(config, predicate)
    return config


def adopt(config: Config) -> None:
    """Use the settings that a daemon has resolved, in its own processes."""
    configuration.use(config)


def _predicate(given: Callable[..., object]) -> Callable[..., object]:
    """As a callable of one job. A builtin that does not say what it takes is given the job."""
    try:
        signature = inspect.signature(given)
    except ValueError:
        return given
    for arguments in ((None,), ()):
        try:
            signature.bind(*arguments)
        except TypeError:
            continue
        return given if arguments else lambda _job: given()
    raise InvalidOptions([f"delay_jobs: {given!r} must take one argument, the job, or none (configure())"])
