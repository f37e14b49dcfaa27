"""The first minute of the README: clone, ``make demo``, Ctrl-C. What is not committed is not in the clone."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.process.daemons import environment
from tests.servers import throw_away_directory
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
SECONDS = 120.0
_PERFORMED = re.compile(r"jobs\.performed\W.*count\W+[1-9]")
_SUMMARY = re.compile(r"mails received: [1-9]\d*, images written: \d+, rows imported: \d+")


@pytest.mark.long
@pytest.mark.timeout(240)
@pytest.mark.xdist_group("demo")
@pytest.mark.skipif(not shutil.which("make") or not shutil.which("git"), reason="make or git is not here")
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="these sources are not in a repository")
def test_make_demo_in_a_fresh_clone_performs_jobs_within_two_minutes_and_ends_by_ctrl_c(tmp_path: Path) -> None:
    clone, log = tmp_path / "clone", tmp_path / "log"
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    with throw_away_directory() as directory, log.open("wb") as output:
        ours = {key: value for key, value in environment().items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
        began = time.monotonic()
        demo = subprocess.Popen(
            ["make", "demo"],
            cwd=clone,
            env={**ours, "DELAYED_DAEMON_DATA_DIR": str(directory / "data"), "TMPDIR": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            wait_until(
                lambda: _PERFORMED.search(log.read_text()) or demo.poll() is not None,
                "jobs are performed",
                seconds=SECONDS - (time.monotonic() - began),
            )
            assert demo.poll() is None, log.read_text()
            os.killpg(demo.pid, signal.SIGINT)
            demo.wait(60)
        finally:
            if demo.poll() is None:
                print(log.read_text()[-3000:])
                os.killpg(demo.pid, signal.SIGTERM)
                demo.wait(60)
        assert _SUMMARY.search(log.read_text()), log.read_text()
        assert "Traceback" not in log.read_text()
    assert (
        subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True).stdout
        == ""
    )
