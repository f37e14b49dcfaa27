"""A proxy between a daemon and its PostgreSQL that can lose what the server says."""

from __future__ import annotations

import select
import socket
import threading
from contextlib import suppress
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

_READY_FOR_QUERY = b"Z\x00\x00\x00\x05"


class Proxy:
    """Listens on a unix socket in ``directory`` (a short path) and forwards to the server of ``url``.

    ``url`` then is the address of the proxy. One thread for each connection; `close` ends them all.
    """

    def __init__(self, url: str, directory: Path) -> None:
        server = conninfo_to_dict(url)
        self._server = f"{server['host']}/.s.PGSQL.{server.get('port') or 5432}"
        self.url = make_conninfo(url, host=str(directory), port=5432)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(directory / ".s.PGSQL.5432"))
        self._listener.listen(64)
        self._losing: bytes | None = None
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self.lost = threading.Event()
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()

    def lose_reply_to(self, text: str) -> None:
        """The next request that contains ``text`` is carried out, and its connection ends before the reply."""
        self.lost.clear()
        with self._lock:
            self._losing = text.encode()

    def close(self) -> None:
        self._listener.close()
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), name="proxied", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError):
            server.connect(self._server)
            self._open |= {client, server}
            while self._forward(client, server):
                pass
        self._open -= {client, server}

    def _forward(self, client: socket.socket, server: socket.socket) -> bool:
        ready, _, _ = select.select([client, server], [], [])
        for end in ready:
            octets = end.recv(65536)
            if not octets:
                return False
            if end is client and self._is_to_be_lost(octets):
                self._carry_out(octets, client, server)
                return False
            (server if end is client else client).sendall(octets)
        return True

    def _is_to_be_lost(self, octets: bytes) -> bool:
        with self._lock:
            if self._losing is None or self._losing not in octets:
                return False
            self._losing = None
            return True

    def _carry_out(self, octets: bytes, client: socket.socket, server: socket.socket) -> None:
        """The rest of the request passes too; once the server is done with it, what was asked is committed."""
        server.sendall(octets)
        said = b""
        while _READY_FOR_QUERY not in said:
            ready, _, _ = select.select([client, server], [], [])
            if client in ready:
                server.sendall(client.recv(65536))
            if server in ready:
                more = server.recv(65536)
                if not more:
                    return
                said += more
        self.lost.set()
