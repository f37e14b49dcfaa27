"""The embedded server as its users see it: acquire, url, release."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Self

from psycopg import pq

from delayed_daemon.embedded import account, binaries, cluster, creation, places, postmaster, readiness, startup
from delayed_daemon.embedded.executable import executable_by
from delayed_daemon.embedded.holder import Holder, while_starting_or_stopping
from delayed_daemon.errors import EmbeddedServerError

logger = logging.getLogger(__name__)


class EmbeddedServer:
    """The PostgreSQL of one data directory, shared by every process of its owner and of root.

    ``data_dir`` is the user's own unless given; ``durable=False`` is for throw-away data;
    ``bin_dir`` names the programs to use. Every method raises EmbeddedServerError with what to do.
    """

    def __init__(self, data_dir: Path | None = None, *, durable: bool = True, bin_dir: Path | None = None) -> None:
        self.data_dir = places.resolve_data_dir(data_dir)
        self._durable = durable
        self._bin_dir = bin_dir
        self._url: str | None = None
        self._holder: Holder | None = None
        self._acquired_by = 0

    @property
    def url(self) -> str:
        """The URL for an application's connections, once the server is acquired, started or found."""
        if self._url is None:
            raise EmbeddedServerError(f"the server of {self.data_dir} has not been started")
        return self._url

    def acquire(self) -> str:
        """Make the server run, wait until it takes connections, hold it, and return its URL."""
        if self._holder is None:
            holder = Holder(self.data_dir)
            self.start(holder)
            self._holder, self._acquired_by = holder, os.getpid()
        return self.url

    def release(self) -> None:
        """Hold the server no longer; the last holder stops it. Without effect in a forked child."""
        if self._holder is None or self._acquired_by != os.getpid():
            return
        holder, self._holder = self._holder, None
        self.stop_if_last(holder)

    def start(self, holder: Holder) -> str:
        """The same as `acquire` for a holder that another process opened and keeps."""
        with while_starting_or_stopping(self.data_dir), places.explained(str(self.data_dir)):
            holder.join()
            try:
                self._url = readiness.url(self._make_ready())
            except BaseException:
                self._leave(holder)
                raise
        return self._url

    def stop_if_last(self, holder: Holder) -> bool:
        """Leave on behalf of all processes that share ``holder``; True when that stopped the server."""
        with while_starting_or_stopping(self.data_dir), places.explained(str(self.data_dir)):
            return self._leave(holder)

    def find(self) -> str | None:
        """The URL of the server if it runs already, ready or about to be; starts nothing, holds nothing."""
        with places.explained(str(self.data_dir)):
            running = self._running()
        self._url = readiness.url(running.socket_dir) if running else None
        return self._url

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _make_ready(self) -> Path:
        running = self._running()
        if running and startup.wait_until_ready(running.socket_dir, running.pid):
            socket_dir = running.socket_dir
        else:
            socket_dir = self._start()
        readiness.ensure_database(socket_dir)
        return socket_dir

    def _start(self) -> Path:
        found = cluster.existing(self.data_dir)
        owner = account.choose(found.path if found else None)
        owner.require_entry(self.data_dir)
        programs = executable_by(owner, binaries.find(found, self._bin_dir), self.data_dir)
        if found is None:
            found = creation.create(self.data_dir, programs, owner, durable=self._durable)
        socket_dir = places.make_socket_dir(self.data_dir, owner)
        startup.start(programs, found, socket_dir, owner)
        return socket_dir

    def _running(self) -> postmaster.Postmaster | None:
        recorded = self._recorded()
        if recorded is None or readiness.ping(recorded.socket_dir) is pq.Ping.NO_RESPONSE:
            return None
        return recorded

    def _recorded(self) -> postmaster.Postmaster | None:
        found = cluster.existing(self.data_dir)
        return postmaster.recorded(found) if found else None

    def _leave(self, holder: Holder) -> bool:
        try:
            return holder.is_last() and self._stop()
        finally:
            holder.leave()

    def _stop(self) -> bool:
        running = self._recorded()
        if running is None:
            return False
        if not running.interrupt():
            if readiness.ping(running.socket_dir) is not pq.Ping.NO_RESPONSE:
                logger.warning("the server of %s is no process that can be seen here: not stopped", self.data_dir)
            return False
        if not startup.wait_until_gone(running.pid):
            logger.warning("the server of %s (pid %d) is still shutting down", self.data_dir, running.pid)
        with suppress(OSError):
            running.socket_dir.rmdir()
        return True
