"""Shared memory as 8-byte integers with names."""

from __future__ import annotations

import uuid
from typing import Protocol

WORD_OCTETS = 8


class Record(Protocol):
    """What has words: a view of the whole map, and where its own begin."""

    words: memoryview[int]
    base: int


class Word:
    """One 8-byte field at a fixed offset from its record's base."""

    __slots__ = ("offset",)

    def __init__(self, offset: int) -> None:
        self.offset = offset

    def __get__(self, record: Record, owner: object = None) -> int:
        return record.words[record.base + self.offset]

    def __set__(self, record: Record, value: int) -> None:
        record.words[record.base + self.offset] = value


def uuid_of(high: int, low: int) -> uuid.UUID:
    return uuid.UUID(bytes=high.to_bytes(8, "big", signed=True) + low.to_bytes(8, "big", signed=True))


def halves_of(value: uuid.UUID) -> tuple[int, int]:
    return int.from_bytes(value.bytes[:8], "big", signed=True), int.from_bytes(value.bytes[8:], "big", signed=True)
