"""Decorated functions and methods of these tests."""

from __future__ import annotations

from typing import Any, ClassVar

from delayed_daemon import delayed

made: list[Any] = []


@delayed
def resize(path: str, width: int = 100) -> tuple[str, int]:
    """Make it smaller."""
    made.append((path, width))
    return path, width


@delayed(queue="images", priority=lambda: 5)
async def fetch(url: str) -> str:
    return url


class Importer:
    max_attempts = 3
    heard: ClassVar[list[str]] = []

    def __init__(self, shop: int) -> None:
        self.shop = shop

    @delayed
    def import_csv(self, path: str, *, separator: str = ",") -> tuple[int, str, str]:
        return self.shop, path, separator

    @delayed(queue=lambda importer: f"shop-{importer.shop}", priority=lambda: 7)
    async def download(self, url: str) -> str:
        return f"{self.shop} {url}"

    @delayed(queue=lambda cls: cls.__name__.lower())
    @classmethod
    def create(cls, shop: int) -> Importer:
        return cls(shop)

    @delayed
    @staticmethod
    def count(path: str) -> int:
        return len(path)

    @classmethod
    @delayed
    def misplaced_class_method(cls) -> None: ...

    @staticmethod
    @delayed
    def misplaced_static_method() -> None: ...

    def before(self, job: object) -> None:
        self.heard.append("before")


class Special(Importer):
    def import_csv(self, path: str, *, separator: str = ",") -> tuple[int, str, str]:  # type: ignore[override]
        return 0, path, separator

    def put_off_the_inherited_one(self) -> None:
        super().import_csv.delay("x")


@delayed(queue=lambda receiver: receiver)
def needs_a_receiver() -> None: ...


class Late:
    def method(self, number: int) -> int:
        return number


Late.method = delayed(Late.method)  # type: ignore[assignment, method-assign]
