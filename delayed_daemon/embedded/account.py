"""The account the server runs under: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from delayed_daemon.errors import EmbeddedServerError

_UNPRIVILEGED = ("postgres", "nobody")


class Switch(TypedDict, total=False):
    """The arguments that make `subprocess` start a program under another account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """Who owns the server's files and runs its programs."""

    uid: int
    gid: int
    name: str

    @property
    def is_ours(self) -> bool:
        return self.uid == os.geteuid()

    def switch(self) -> Switch:
        return {} if self.is_ours else {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        if not self.is_ours:
            os.chown(path, self.uid, self.gid)

    def require_entry(self, directory: Path) -> None:
        """Raise EmbeddedServerError when this account cannot reach ``directory``; nothing is made more open for it."""
        enter = ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(directory)]
        result = subprocess.run(enter, cwd="/", stderr=subprocess.DEVNULL, **self.switch())
        if result.returncode:
            raise EmbeddedServerError(
                f"the account {self.name}, under which root starts PostgreSQL, cannot enter {directory}: "
                "it, or a directory above it, is closed to others; choose another with --data-dir"
            )


def choose(cluster: Path | None) -> Account:
    """The owner of the existing cluster directory, else this user, or an unprivileged account when this is root."""
    if cluster is not None:
        return _owner(cluster)
    if os.geteuid() != 0:
        return _of(os.geteuid(), os.getegid())
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, name)
    raise EmbeddedServerError(
        "PostgreSQL does not run as root, and there is no account postgres or nobody to run it; "
        "start as an ordinary user or give --database-url"
    )


def _owner(cluster: Path) -> Account:
    status = cluster.stat()
    account = _of(status.st_uid, status.st_gid)
    if account.uid == 0:
        raise EmbeddedServerError(f"{cluster} belongs to root, and PostgreSQL does not run as root; chown it")
    if os.geteuid() not in (0, account.uid):
        raise EmbeddedServerError(
            f"{cluster} belongs to {account.name}; run as {account.name}, or choose another directory with --data-dir"
        )
    return account


def _of(uid: int, gid: int) -> Account:
    try:
        return Account(uid, gid, pwd.getpwuid(uid).pw_name)
    except KeyError:
        return Account(uid, gid, f"uid {uid}")
