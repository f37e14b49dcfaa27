"""The application of these tests: what a handler may name is here."""

from __future__ import annotations

import subprocess
from abc import ABC, abstractmethod
from dataclasses import InitVar, dataclass, field
from enum import Enum, Flag, IntEnum, IntFlag, auto
from functools import cached_property, lru_cache
from os import system
from typing import Any, ClassVar, Generic, TypeVar

T = TypeVar("T")

__all__ = ["subprocess", "system"]


class Color(Enum):
    RED = "red"
    GREEN = "green"
    ROT = "red"  # noqa: PIE796

    def shade(self, darker: int = 0) -> str:
        return f"{self.value} {darker}"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Access(Flag):
    READ = auto()
    WRITE = auto()
    BOTH = READ | WRITE


class Bits(IntFlag):
    ONE = 1
    FOUR = 4


@dataclass
class NewsletterJob:
    text: str
    emails: list[str] = field(default_factory=list)

    def perform(self) -> str:
        return f"{self.text} to {len(self.emails)}"


@dataclass
class AnyJob:
    value: Any

    def perform(self) -> Any:
        return self.value


class PlainJob:
    def __init__(self, value: Any) -> None:
        self.value = value
        self._private = value

    def perform(self) -> Any:
        return self.value


@dataclass(frozen=True)
class Point:
    x: Any
    y: Any = 0


@dataclass(frozen=True, slots=True)
class FrozenJob:
    sku: str
    position: Point
    label: str = field(init=False, default="none")

    def perform(self) -> str:
        return self.sku


@dataclass
class RevivedJob:
    """Counts how often its constructor ran."""

    constructed: ClassVar[int] = 0
    amount: int
    doubled: int = field(init=False)
    factor: InitVar[int] = 2

    def __post_init__(self, factor: int) -> None:
        RevivedJob.constructed += 1
        self.doubled = self.amount * factor

    def perform(self) -> int:
        return self.doubled


class SlottedJob:
    __slots__ = ("__secret", "name", "unset")

    def __init__(self, name: str) -> None:
        self.name = name
        self.__secret = name[::-1]

    @property
    def secret(self) -> str:
        return self.__secret

    def perform(self) -> str:
        return self.name


class WatchedJob:
    """Whatever runs while it is read or written shows in ``runs``."""

    runs: ClassVar[list[str]] = []

    def __new__(cls) -> WatchedJob:
        cls.runs.append("__new__")
        return super().__new__(cls)

    def __setattr__(self, name: str, value: object) -> None:
        self.runs.append("__setattr__")
        super().__setattr__(name, value)

    def __getattribute__(self, name: str) -> Any:
        if name not in ("runs", "perform"):
            type(self).runs.append(f"__getattribute__ {name}")
        return super().__getattribute__(name)

    @property
    def price(self) -> int:
        self.runs.append("price")
        return 1

    @price.setter
    def price(self, value: int) -> None:
        self.runs.append("price")

    def __del__(self) -> None:
        self.runs.append("__del__")

    def perform(self) -> None: ...


class CachingJob:
    def __init__(self, number: int) -> None:
        self.number = number

    @cached_property
    def square(self) -> object:
        return object()

    def perform(self) -> object:
        return self.square


class GenericJob(Generic[T]):
    def __init__(self, value: T) -> None:
        self.value = value

    def perform(self) -> T:
        return self.value


class AbstractJob(ABC):
    @abstractmethod
    def perform(self) -> None: ...


class FailingJob(Exception):
    def perform(self) -> None: ...


class Outer:
    class InnerJob:
        def perform(self) -> str:
            return "inner"


class Größe:
    def perform(self) -> str:
        return "groß"


class NotAJob:
    perform = "not a method"


class Callable:
    def __call__(self) -> None: ...


class CallableAttributeJob:
    perform = Callable()


class BatchImporter:
    rows = property(lambda self: None)
    clock = Callable()

    def __init__(self, shop: Any) -> None:
        self.shop = shop

    def import_massive_csv(self, path: str, separator: str = ",") -> tuple[Any, str, str]:
        return self.shop, path, separator

    async def download(self, url: str) -> str:
        return url

    @classmethod
    def create(cls, shop: Any) -> BatchImporter:
        return cls(shop)

    @staticmethod
    def count(path: str) -> int:
        return len(path)

    def _secret(self) -> None: ...


class HookedImporter(BatchImporter):
    max_attempts = 3
    queue_name = "imports"

    def before(self, job: object) -> str:
        return "before"

    @classmethod
    def failure(cls, job: object) -> str:
        return "failure"


def resize(path: str, width: int = 100) -> tuple[str, int]:
    return path, width


def _private() -> None: ...


@lru_cache
def cached(path: str) -> str:
    return path


local_alias = resize
anonymous = lambda: None  # noqa: E731


def make_local_job() -> object:
    class LocalJob:
        def perform(self) -> None: ...

    return LocalJob()
