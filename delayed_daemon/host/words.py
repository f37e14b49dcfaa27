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


class UuidWords:
    """A UUID in two fields. They are not written at once: a reader may meet one half of each of two values."""

    __slots__ = ("high", "low")

    def __init__(self, high: int, low: int) -> None:
        self.high = high
        self.low = low

    def __get__(self, record: Record, owner: object = None) -> uuid.UUID:
        words, base = record.words, record.base
        halves = (words[base + self.high], words[base + self.low])
        return uuid.UUID(bytes=b"".join(half.to_bytes(8, "big", signed=True) for half in halves))

    def __set__(self, record: Record, value: uuid.UUID) -> None:
        words, base = record.words, record.base
        words[base + self.high] = int.from_bytes(value.bytes[:8], "big", signed=True)
        words[base + self.low] = int.from_bytes(value.bytes[8:], "big", signed=True)
