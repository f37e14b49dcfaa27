"""The job that is enqueued."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Letter:
    number: int
    text: str

    def perform(self) -> None:
        pass
