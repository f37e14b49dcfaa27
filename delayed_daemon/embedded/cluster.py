"""The cluster: PostgreSQL's own directory, ``pg<major>``, below the data directory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from delayed_daemon.embedded.places import explained
from delayed_daemon.errors import EmbeddedServerError


@dataclass(frozen=True)
class Cluster:
    """A complete cluster directory and the major version that made it."""

    path: Path
    major: int


def existing(data_dir: Path) -> Cluster | None:
    """The cluster that lives in ``data_dir``, or None where there is none yet.

    Raises EmbeddedServerError for two of them, and for one that PostgreSQL did not complete: which
    jobs count is for a person to say.
    """
    with explained(str(data_dir)):
        if not data_dir.is_dir():
            return None
        found = sorted(path for path in data_dir.iterdir() if re.fullmatch(r"pg\d+", path.name) and _has_entries(path))
        if len(found) > 1:
            raise EmbeddedServerError(
                f"{data_dir} has several clusters ({', '.join(path.name for path in found)}); "
                "keep the one with your jobs and move the others elsewhere"
            )
        return Cluster(found[0], _major(found[0])) if found else None


def _has_entries(path: Path) -> bool:
    return not path.is_dir() or any(path.iterdir())


def _major(path: Path) -> int:
    try:
        return int((path / "PG_VERSION").read_text())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise EmbeddedServerError(
            f"{path} is not empty, and no PostgreSQL cluster either (it has no valid PG_VERSION); move it elsewhere"
        ) from None
