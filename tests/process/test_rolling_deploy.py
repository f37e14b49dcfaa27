"""Old and new code side by side on one table: what the old does not know waits for the new, at no cost."""

from __future__ import annotations

from pathlib import Path

from tests.process.daemons import Daemon, Site, exactly_once
from tests.waiting import wait_until

_OLD = """
from dataclasses import dataclass

from chores import note


@dataclass
class Old:
    ledger: str
    line: str

    def perform(self) -> None:
        note(self.ledger, self.line)
"""
_NEW = f"{_OLD}\n\nclass New(Old):\n    pass\n"
_INSERT = "INSERT INTO delayed_jobs (handler, queue) SELECT %s, 'default' FROM generate_series(1, 1) RETURNING id"


def deploy(site: Site, directory: Path, code: str, *options: str) -> Daemon:
    """A daemon on that version of the module ``deployed``."""
    directory.mkdir()
    (directory / "deployed.py").write_text(code)
    path = f"{directory}:{Path(__file__).parents[2]}:{Path(__file__).parent / 'apps'}"
    return site.start(*options, app="deployed", workers=1, PYTHONPATH=path)


def put(site: Site, name: str, line: str) -> None:
    site.rows(_INSERT, [f'!job:deployed.{name} {{"ledger": "{site.ledger}", "line": "{line}"}}'])


def test_jobs_of_a_class_that_the_old_daemon_does_not_know_are_held_and_performed_once(
    site: Site, tmp_path: Path
) -> None:
    old = deploy(site, tmp_path / "old", _OLD, "--sleep", "0.2")
    for number in range(20):
        put(site, "New", f"new-{number}")
        put(site, "Old", f"old-{number}")
    wait_until(lambda: site.count("held_until IS NULL") == 0, "the old daemon has held what it does not know")
    new = deploy(site, tmp_path / "new", _NEW, "--sleep", "0.2")
    for number in range(20, 40):
        put(site, "New", f"new-{number}")
        put(site, "Old", f"old-{number}")
    wait_until(lambda: site.count("held_until IS NULL") == 0, "each job is performed, or held by the old daemon")
    assert site.count("failed_at IS NOT NULL OR attempts > 0 OR crashes > 0") == 0
    assert old.leave() == 0
    third = deploy(site, tmp_path / "third", _NEW, "--sleep", "0.2")
    site.await_empty(seconds=40)
    lines = [f"{kind}-{number}" for kind in ("new", "old") for number in range(40)]
    exactly_once(site.lines(), lines)
    assert [daemon.events("job.failed") for daemon in (old, new, third)] == [[], [], []]
    assert (new.leave(), third.leave()) == (0, 0)
    site.assert_gone(third)
