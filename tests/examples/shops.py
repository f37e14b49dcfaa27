"""The shop's daemon in a process of its own, and what tests look at."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from psycopg.rows import dict_row

from tests.servers import Database
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
PYTHON_PATH = os.pathsep.join([str(ROOT), str(ROOT / "examples")])


class Shop:
    """``start`` the daemon with the environment of this process; jobs enqueued earlier wait for it."""

    def __init__(self, database: Database, directory: Path) -> None:
        self.directory = directory
        self._database = database
        self._connection = database.connect()
        self._log = directory / "daemon.log"
        self._daemon: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        place = ["--database-url", self._database.url, "--schema", self._database.schema]
        modules = ("jobs", "imports", "products", "search", "smart_collections", "spam")
        application = [part for module in modules for part in ("--app", f"shop.{module}")]
        with self._log.open("wb") as log:
            self._daemon = subprocess.Popen(
                [sys.executable, "-m", "delayed_daemon", "start", "--workers", "2", *place, *application],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": PYTHON_PATH},
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        assert self._daemon is not None
        return self._daemon.pid

    def wait_until_all_is_done(self) -> None:
        wait_until(lambda: self._is_running() and not self.jobs(), "the table of jobs is empty", seconds=60)

    def jobs(self) -> list[dict[str, Any]]:
        return (
            self._connection.cursor(row_factory=dict_row).execute("SELECT * FROM delayed_jobs ORDER BY id").fetchall()
        )

    def products(self) -> list[tuple[Any, ...]]:
        return self._connection.execute(
            "SELECT shop, sku, name, price FROM shop_products ORDER BY shop, sku"
        ).fetchall()

    def mails(self) -> list[EmailMessage]:
        """As they arrived, with the addresses that they were delivered to in ``Delivered-To``."""
        files = sorted((self.directory / "mails").glob("*.eml"))
        return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]

    def close(self) -> None:
        if self._daemon is None:
            return
        self._daemon.terminate()
        try:
            code = self._daemon.wait(60)
        finally:
            if self._daemon.poll() is None:
                os.killpg(self._daemon.pid, signal.SIGKILL)
                self._daemon.wait()
        assert code == 0, self._log.read_text()

    def _is_running(self) -> bool:
        assert self._daemon is not None
        assert self._daemon.poll() is None, self._log.read_text()
        return True
