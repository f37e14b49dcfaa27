"""Which database and schema the producing side uses."""

from __future__ import annotations

import os
from typing import Any

from delayed_daemon.config import Config
from delayed_daemon.settings import file_named, resolve
from delayed_daemon.store.statements import statements


class Configuration:
    """The settings of this process: resolved when first needed, or given."""

    def __init__(self) -> None:
        self._config: Config | None = None
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

    def use(self, config: Config) -> None:
        self._config = config
        self.revision += 1


configuration = Configuration()


def configure(**options: Any) -> Config:
    """Set the producing side's settings, by the names of the daemon's options: ``database_url``, ``schema``, …

    What is not given comes from the environment (``DATABASE_URL``, ``DELAYED_DAEMON_…``) and the file that
    ``DELAYED_DAEMON_CONFIG`` names. Without a call, these alone count. Returns the effective settings;
    raises `InvalidOptions` with every problem.
    """
    configuration.use(resolve(options, os.environ, file_named(None, os.environ), caller="configure()").config)
    return configuration.current


def adopt(config: Config) -> None:
    """Use the settings that a daemon has resolved, in its own processes."""
    configuration.use(config)
