"""Short JSON messages between two processes, a line each, over a socket pair."""

from __future__ import annotations

import json
import socket
from typing import Any

Message = dict[str, Any]


class Channel:
    """One end. Sending blocks at most until the kernel's buffer has room; receiving never blocks."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._rest = b""
        self.open = True

    @classmethod
    def pair(cls) -> tuple[Channel, Channel]:
        ours, theirs = socket.socketpair()
        return cls(ours), cls(theirs)

    def fileno(self) -> int:
        return self._end.fileno()

    def send(self, message: Message) -> bool:
        """False when the other end is gone."""
        try:
            self._end.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            self.open = False
        return self.open

    def receive(self) -> list[Message]:
        """The whole messages that have arrived; ``open`` turns False at end-of-file."""
        while self.open:
            try:
                chunk = self._end.recv(65536, socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
            except OSError:
                chunk = b""
            self._rest += chunk
            self.open = bool(chunk)
        *lines, self._rest = self._rest.split(b"\n")
        return [json.loads(line) for line in lines]

    def close(self) -> None:
        self.open = False
        self._end.close()
