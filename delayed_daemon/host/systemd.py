"""The notify protocol of systemd (sd_notify(3)): one datagram to a socket named in the environment."""

from __future__ import annotations

import contextlib
import os
import socket


def notify(*assignments: str) -> None:
    """Send lines such as ``READY=1``; does nothing outside of systemd, and never fails or blocks."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as talk:
        talk.setblocking(False)
        talk.sendto("\n".join(assignments).encode(), address)
