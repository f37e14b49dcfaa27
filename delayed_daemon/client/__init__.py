"""The producing side: applications, and jobs that enqueue further jobs, run these lines.

It loads neither the daemon nor the command line.
"""

from __future__ import annotations

from delayed_daemon.client.asynchronous import aenqueue, aenqueue_many
from delayed_daemon.client.configuration import adopt, configure
from delayed_daemon.client.decorator import Delayable, delayed
from delayed_daemon.client.enqueueing import enqueue, enqueue_many
from delayed_daemon.client.handle import Job
from delayed_daemon.client.later import adelay, asend_later, delay, send_later

__all__ = [
    "Delayable",
    "Job",
    "adelay",
    "adopt",
    "aenqueue",
    "aenqueue_many",
    "asend_later",
    "configure",
    "delay",
    "delayed",
    "enqueue",
    "enqueue_many",
    "send_later",
]
