"""A worker whose supervisor is dead still sleeps."""

from __future__ import annotations

import os
import subprocess
import sys

_SCRIPT = """
import os, select
from delayed_daemon.host.premises import Premises
from delayed_daemon.worker.watch import Watch

premises = Premises(1)
if os.fork():
    os._exit(0)  # the supervisor dies
watch = Watch(premises, premises.board.slots[0], 0)
watch.sleep(30)
asked = []

class Recorded:
    def __init__(self, poll): self.poll_ = poll
    def poll(self, ms):
        asked.append(self.poll_.poll(50))
        return asked[-1]
    def unregister(self, fd): self.poll_.unregister(fd)

watch._poll = Recorded(watch._poll)
watch.sleep(30)
print(watch.must_drain(), asked)
"""


def test_a_dead_supervisor_ends_one_sleep_and_not_every_one():
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT], capture_output=True, text=True, timeout=60, env={**os.environ}
    )
    assert done.stdout.strip() == "True [[]]", done.stderr
