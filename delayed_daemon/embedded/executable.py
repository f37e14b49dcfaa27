"""Programs that the server's account can execute: in place, or as a copy.

A virtual environment below a home directory closed to others is the usual reason for a copy.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

from delayed_daemon.embedded.account import Account
from delayed_daemon.embedded.binaries import Binaries
from delayed_daemon.errors import EmbeddedServerError


def executable_by(account: Account, binaries: Binaries, data_dir: Path) -> Binaries:
    """``binaries`` when ``account`` can execute them, else a copy of them below ``data_dir``.

    Only the wheel's programs can be copied, as they find their libraries by relative paths; for
    others EmbeddedServerError is raised.
    """
    if account.is_ours or _can_execute(account, binaries):
        return binaries
    installation = binaries.directory.parent
    libraries = installation.parent.with_name(f"{installation.parent.name}.libs")
    if not libraries.is_dir():
        raise EmbeddedServerError(
            f"the account {account.name}, under which root starts PostgreSQL, cannot execute the programs in "
            f"{binaries.directory}; install PostgreSQL where everybody can, or start as an ordinary user"
        )
    copy = data_dir / f"programs-{binaries.version}"
    if not copy.exists():
        _copy(installation, libraries, copy)
    return replace(binaries, directory=copy / installation.parent.name / installation.name / "bin")


def _can_execute(account: Account, binaries: Binaries) -> bool:
    try:
        return not subprocess.run(
            [binaries.program("postgres"), "--version"],
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **account.switch(),
        ).returncode
    except PermissionError:
        return False


def _copy(installation: Path, libraries: Path, copy: Path) -> None:
    for outdated in copy.parent.glob("programs-*"):
        shutil.rmtree(outdated)
    unfinished = Path(tempfile.mkdtemp(prefix="programs-", dir=copy.parent))
    target = unfinished / installation.parent.name / installation.name
    for part in ("bin", "lib", "share"):
        shutil.copytree(installation / part, target / part)
    shutil.copytree(libraries, unfinished / libraries.name)
    _open_to_all(unfinished)
    unfinished.rename(copy)


def _open_to_all(copy: Path) -> None:
    for path in [copy, *copy.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
