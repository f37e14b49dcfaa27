"""Jobs and functions that are to be awaited."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from chores import note

from delayed_daemon import delayed


@dataclass
class Download:
    """Waits in a thread of the loop, and leaves a task behind."""

    ledger: str
    line: str

    async def perform(self) -> None:
        self.left = asyncio.create_task(asyncio.Event().wait())
        await asyncio.to_thread(note, self.ledger, self.line)


@dataclass
class Endless:
    ledger: str
    max_run_time: float = 0.2
    max_attempts: int = 1

    async def perform(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            note(self.ledger, "interrupted")


@delayed(queue="greetings")
async def greet(ledger: str, line: str) -> None:
    await asyncio.sleep(0)
    note(ledger, line)
