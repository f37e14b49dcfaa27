"""Checked by mypy in a test, never run: each line that ends in ``# error`` is one, and no other is."""

from __future__ import annotations

from typing import assert_type

from delayed_daemon import Job, delayed


@delayed
def resize(path: str, width: int = 100) -> bytes:
    return path.encode()


@delayed(queue="images", priority=5, run_at=lambda: 60)
async def fetch(url: str) -> str:
    return url


class Importer:
    def __init__(self, shop: int) -> None:
        self.shop = shop

    @delayed
    def import_csv(self, path: str, *, separator: str = ",") -> int:
        return len(path + separator)

    @delayed(queue=lambda importer: f"shop-{importer.shop}")
    async def download(self, url: str) -> str:
        return url

    @delayed
    @classmethod
    def create(cls, shop: int) -> Importer:
        return cls(shop)

    @delayed(priority=1)
    @staticmethod
    def count(path: str) -> int:
        return len(path)


class Special(Importer): ...


assert_type(resize("a"), bytes)
assert_type(resize.delay("a", width=3), Job)
assert_type(resize.with_options(priority=5, queue="x").delay("a"), Job)
assert_type(Importer(1).import_csv("a"), int)
assert_type(Importer(1).import_csv.delay("a", separator=";"), Job)
assert_type(Special(1).import_csv.delay("a", separator=";"), Job)
assert_type(Importer.import_csv.delay(Importer(1), "a"), Job)
assert_type(Importer(1).download.delay("a"), Job)
assert_type(Importer.create(1), Importer)
assert_type(Importer.create.delay(1), Job)
assert_type(Special.create.delay(1), Job)
assert_type(Importer(1).create.delay(1), Job)
assert_type(Importer.create.with_options(queue="x").delay(3), Job)
assert_type(Importer.count("x"), int)
assert_type(Importer.count.delay("x"), Job)


async def work() -> None:
    assert_type(await resize.adelay("a"), Job)
    assert_type(await fetch("a"), str)
    assert_type(await Importer(1).download("a"), str)
    assert_type(await Importer(1).download.with_options(run_at=3).adelay("a"), Job)
    assert_type(await Importer.create.adelay(1), Job)
    await resize.adelay(3)  # error


resize()  # error
resize.delay()  # error
resize.delay(3)  # error
resize.delay("a", height=3)  # error
resize.with_options(colour="red").delay("a")  # error
resize.with_options(queue="q").delay(1)  # error
Importer(1).import_csv.delay(1)  # error
Importer(1).import_csv.delay(Importer(1), "a")  # error
Importer(1).download.delay()  # error
Importer.create.delay("a")  # error
Importer.count.delay(1)  # error
delayed(queue=3)  # error
