"""Commands on a terminal of a given size: what appears there, and answers that are typed."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


def on_terminal(
    arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], answers: Mapping[str, str] | None = None,
    columns: int = 100, rows: int = 30, seconds: float = 60.0,
) -> tuple[int, str]:  # fmt: skip
    """Run a program on a pty until it leaves; its exit code, and all that appeared.

    ``answers``: what is typed once a text has appeared, each once and in this order.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    kept = {name: value for name, value in env.items() if name not in ("COLUMNS", "LINES")}
    program = subprocess.Popen(
        arguments, cwd=cwd, env=kept, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    try:
        return _converse(program, ours, list((answers or {}).items()), time.monotonic() + seconds)
    finally:
        if program.poll() is None:
            program.kill()
            program.wait()
        os.close(ours)


def _converse(
    program: subprocess.Popen[bytes], terminal: int, answers: list[tuple[str, str]], deadline: float
) -> tuple[int, str]:
    seen = b""
    while True:
        if not select.select([terminal], [], [], max(deadline - time.monotonic(), 0.0))[0]:
            raise TimeoutError(f"it neither left nor said what was expected: {seen!r}")
        try:
            more = os.read(terminal, 65536)
        except OSError:  # Linux says so when the last program has left the terminal
            more = b""
        if not more:
            return program.wait(timeout=10), seen.decode().replace("\r\n", "\n")
        seen += more
        if answers and answers[0][0].encode() in seen:
            os.write(terminal, answers.pop(0)[1].encode())
