"""What the application of these tests became after it was renamed: nothing here has its first name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any


@dataclass
class Mail:
    text: str

    def perform(self) -> str:
        return f"new {self.text}"


@dataclass
class Place:
    city: Any


class Shade(Enum):
    RED = 1


class Importer:
    def __init__(self, shop: int) -> None:
        self.shop = shop

    def load_csv(self, path: str) -> str:
        return f"{self.shop} {path}"

    @staticmethod
    def count(path: str) -> int:
        return len(path)

    class Inner:
        def perform(self) -> str:
            return "inner"


def shrink(path: str) -> str:
    return f"shrunk {path}"
