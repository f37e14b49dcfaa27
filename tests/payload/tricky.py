"""A trusted module full of things that a name must not reach, or not by running them."""

from __future__ import annotations

import subprocess
from os import system
from shutil import rmtree
from typing import Any

from tests.payload.shop import NewsletterJob

__all__ = ["NewsletterJob", "rmtree", "subprocess", "system"]

runs: list[str] = []


def __getattr__(name: str) -> Any:
    runs.append(f"module {name}")
    raise AttributeError(name)


class Meta(type):
    def __getattribute__(cls, name: str) -> Any:
        runs.append(f"metaclass {name}")
        return super().__getattribute__(name)

    def of_the_metaclass(cls) -> None: ...


class WatchedClass(metaclass=Meta):
    def perform(self) -> None: ...

    def method(self) -> None: ...


class Pretender:
    """Looks like a class by its ``__class__``."""

    __module__ = __name__
    __qualname__ = "pretender"

    @property
    def __class__(self) -> Any:
        runs.append("__class__")
        return type

    def perform(self) -> None: ...


pretender = Pretender()


class Elsewhere:
    """Says that it was defined in another module."""

    __module__ = "os"

    def perform(self) -> None: ...


class Namespace:
    """Holds what is not its own."""

    Popen = subprocess.Popen
    Job = NewsletterJob
    system = staticmethod(system)

    def perform(self) -> None: ...

    @property
    def shown(self) -> None:
        runs.append("property")

    def __getattr__(self, name: str) -> Any:
        runs.append(f"instance {name}")
        raise AttributeError(name)


job = NewsletterJob("an instance")
