"""The job that the benchmarks drain."""

from dataclasses import dataclass


@dataclass
class Noop:
    number: int

    def perform(self) -> None:
        pass
