"""``python -m shop.demo``: the shop, its mail server and the daemon, until Ctrl-C."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg

from delayed_daemon import DelayedDaemonError, configure
from delayed_daemon.embedded.places import resolve_data_dir
from delayed_daemon.embedded.server import EmbeddedServer
from delayed_daemon.settings import redact
from shop import database, samples
from shop.mailbox import Mailbox
from shop.show import Show
from shop.traffic import BURST, Traffic

_DAEMON = [sys.executable, "-m", "delayed_daemon"]
_MODULES = ("jobs", "imports", "products", "search", "smart_collections", "spam")
_START = ["start", "--workers", "4", *(part for module in _MODULES for part in ("--app", f"shop.{module}"))]
_CANNOT_START = 3

say = partial(print, flush=True)


def main() -> int:
    """Run the demonstration; its exit code is 0 when it was told to stop, else the daemon's."""
    options = _options()
    place = options.dir.absolute() if options.dir else Path(tempfile.mkdtemp(prefix="shop-demo-"))
    show = Show(options.seconds)
    say("Making ready: PostgreSQL, pictures, a mail server.")
    try:
        with _database() as url, Mailbox(place / "mails") as mailbox:
            os.environ.update(DATABASE_URL=url, SHOP_SMTP=mailbox.address, PYTHONPATH=_python_path())
            configure()
            return _perform(show, place, mailbox)
    except (DelayedDaemonError, psycopg.OperationalError) as error:
        print(f"shop.demo: {error}", file=sys.stderr)
        return _CANNOT_START


def _perform(show: Show, place: Path, mailbox: Mailbox) -> int:
    thumbnails = place / "thumbnails"

    def results() -> dict[str, int]:
        return {
            "mails received": mailbox.received,
            "images written": len(list(thumbnails.glob("photo-*.jpg"))),
            "rows imported": database.count_products(),
            "products in the search index": database.count_indexed(),
        }

    migrated = subprocess.run([*_DAEMON, "migrate"], stdin=subprocess.DEVNULL, check=False)
    if migrated.returncode:
        return migrated.returncode
    database.create_tables()
    photos = samples.make_photos(place / "photos", 12)
    traffic = Traffic(photos, samples.make_products(place / "products.csv", 500), thumbnails)
    _introduce(place, traffic.first_batch())
    with _running_daemon() as daemon:
        code = show.run(daemon, traffic.one_second, lambda: all(results().values()))
    say(", ".join(f"{what}: {count}" for what, count in results().items()), f"(in {place})")
    return code


def _introduce(place: Path, jobs: int) -> None:
    say(f"""
Mails go to    {place / "mails"}
Images go to   {place / "thumbnails"}
DATABASE_URL={redact(os.environ["DATABASE_URL"])}

{jobs} jobs wait; every second brings a few more, and every ten seconds {BURST} tiny ones at once.
Now the daemon: delayed-daemon {" ".join(_START)}
Its log follows; rate is in jobs per second. Ctrl-C stops it.
""")


@contextmanager
def _database() -> Iterator[str]:
    """The URL of the configured database, or of an embedded one of the demo's own, which runs meanwhile."""
    config = configure()
    if config.database_url is not None:
        yield config.database_url
        return
    with EmbeddedServer(Path(config.data_dir) if config.data_dir else resolve_data_dir(None) / "shop-demo") as server:
        yield server.url


@contextmanager
def _running_daemon() -> Iterator[subprocess.Popen[bytes]]:
    """The daemon in a process group of its own, so that a terminal's Ctrl-C reaches it once: through us.

    It ends with the block, also when that raises.
    """
    daemon = subprocess.Popen([*_DAEMON, *_START], stdin=subprocess.DEVNULL, process_group=0)
    try:
        yield daemon
    finally:
        if daemon.poll() is None:
            daemon.terminate()
        daemon.wait()


def _python_path() -> str:
    """Finds this package in the daemon, too, wherever it is started from."""
    ours = str(Path(__file__).parents[1])
    return os.pathsep.join(filter(None, [ours, os.environ.get("PYTHONPATH")]))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m shop.demo",
        description="Run the example shop on delayed-daemon. The database is the one of DATABASE_URL, else an "
        "embedded PostgreSQL.",
    )
    parser.add_argument("--seconds", type=float, metavar="N", help="end after N seconds, once all kinds of jobs ran")
    parser.add_argument("--dir", type=Path, help="where mails and images go; a new temporary directory unless given")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
