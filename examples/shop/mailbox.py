"""A mail server for demonstrations and tests: it delivers nothing and keeps what arrives, one file a mail."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session


class Mailbox:
    """Listens on a port of its own choice of this machine while it is entered. ``received`` counts the mails.

    Mails are ``000001.eml`` and so on in ``directory``, each headed by the addresses it was delivered to;
    of more than ``keep``, the oldest are removed.
    """

    def __init__(self, directory: Path, *, keep: int = 1000) -> None:
        self.received = 0
        self._directory = directory
        self._kept: deque[Path] = deque()
        self._keep = keep

    @property
    def address(self) -> str:
        """``host:port``, as `shop.settings` wants it."""
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    def __enter__(self) -> Self:
        self._directory.mkdir(parents=True, exist_ok=True)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()
        self._thread = Thread(target=self._run, name="mailbox", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Called by aiosmtpd with each mail; the answer goes to the sender."""
        self._store(envelope)
        return "250 Kept"

    def _store(self, envelope: Envelope) -> None:
        number = self.received + 1
        mail = self._directory / f"{number:06}.eml"
        delivered_to = "".join(f"Delivered-To: {address}\r\n" for address in envelope.rcpt_tos)
        unfinished = mail.with_suffix(".unfinished")
        unfinished.write_bytes(delivered_to.encode() + (envelope.original_content or b""))
        unfinished.replace(mail)
        self.received = number
        self._kept.append(mail)
        while len(self._kept) > self._keep:
            self._kept.popleft().unlink(missing_ok=True)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await self._loop.create_server(
            lambda: SMTP(self, hostname="mailbox.example.org", loop=self._loop), sock=self._listener
        )
        try:
            await self._closing.wait()
        finally:
            server.close()
