"""The two clocks of a process; wall time is the database's alone."""

from __future__ import annotations

import time

_SINCE_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def monotonic_ns() -> int:
    """Nanoseconds for measuring and for deadlines inside one host."""
    return time.monotonic_ns()


def since_boot_ns() -> int:
    """Nanoseconds that go on counting while the machine is suspended: the clock of leases."""
    return time.clock_gettime_ns(_SINCE_BOOT)
