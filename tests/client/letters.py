"""Jobs of these tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Letter:
    text: str

    def perform(self) -> None:
        pass
