"""Stand-ins for what lies between a client and its database: a proxy that can stall, a server that refuses."""

from __future__ import annotations

import selectors
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.conninfo import conninfo_to_dict, make_conninfo

_TLS_REQUESTS = (80877103, 80877104)


class Proxy:
    """Forwards TCP connections to the server's unix socket until it is told to stall.

    Stalled, it keeps every connection open and forwards nothing, while the kernel goes on acknowledging.
    """

    def __init__(self, url: str) -> None:
        self._target = conninfo_to_dict(url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._flowing = threading.Event()
        self._flowing.set()
        self._ended = False
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        host, port = self._listener.getsockname()
        return make_conninfo(**{**self._target, "host": host, "port": port})

    def stall(self) -> None:
        self._flowing.clear()

    def close(self) -> None:
        self._ended = True
        self._flowing.set()
        # Wakes the thread that accepts; closing the listener alone would not.
        socket.create_connection(self._listener.getsockname()).close()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            if self._ended:
                client.close()
                return
            thread = threading.Thread(target=self._forward, args=(client,))
            self._threads.append(thread)
            thread.start()

    def _forward(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{self._target['host']}/.s.PGSQL.{self._target['port']}")
        with client, server, selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            while not self._ended:
                for key, _ in selector.select(timeout=0.1):
                    self._flowing.wait()
                    if self._ended or not _pass_on(key.fileobj, key.data):
                        return


def _pass_on(source: socket.socket, target: socket.socket) -> bool:
    try:
        received = source.recv(65536)
        target.sendall(received)
    except OSError:
        return False
    return bool(received)


@contextmanager
def proxy_before(url: str) -> Iterator[Proxy]:
    proxy = Proxy(url)
    try:
        yield proxy
    finally:
        proxy.close()


@contextmanager
def refusing_server(sqlstate: str, message: str) -> Iterator[str]:
    """The URL of a server that answers one attempt to connect with this FATAL error."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_refuse, args=(listener, sqlstate, message))
        thread.start()
        host, port = listener.getsockname()
        yield f"postgresql://someone:secret-word@{host}:{port}/shop?gssencmode=disable&sslmode=disable"
        thread.join()


def _refuse(listener: socket.socket, sqlstate: str, message: str) -> None:
    client, _ = listener.accept()
    with client:
        while struct.unpack("!ii", client.recv(8, socket.MSG_WAITALL))[1] in _TLS_REQUESTS:
            client.sendall(b"N")
        fields = b"SFATAL\0VFATAL\0C" + sqlstate.encode() + b"\0M" + message.encode() + b"\0\0"
        client.sendall(b"E" + struct.pack("!i", len(fields) + 4) + fields)
        client.shutdown(socket.SHUT_WR)
        while client.recv(4096):
            pass
