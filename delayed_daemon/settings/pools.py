"""Pools as people write them: ``mail,news:2``, ``*:4``, ``mail:2:-10..0``, or a mapping in the file."""

from __future__ import annotations

import re
from collections.abc import Mapping

from delayed_daemon.config import LARGEST_INTEGER, MOST_WORKERS, Pool
from delayed_daemon.job import QUEUE_NAME

_POOL = re.compile(r"(?P<queues>.*?)(?::(?P<workers>[0-9]{1,9})(?::(?P<least>[+-]?[0-9]*)\.\.(?P<most>[+-]?[0-9]*))?)?")
_QUEUE = re.compile(QUEUE_NAME)
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_KEYS = ("queues", "workers", "min_priority", "max_priority")


def pool_from_text(text: str) -> Pool:
    """``QUEUES[:WORKERS[:LEAST..MOST]]``; ``*`` or nothing is all queues. ValueError with the end of a sentence."""
    found = _POOL.fullmatch(text)
    if found is None:
        raise ValueError(f'"{text}" is not of the form QUEUES:WORKERS, as in mail,news:2')
    return _pool(found["queues"], found["workers"], found["least"], found["most"])


def pool_from_mapping(entries: Mapping[str, str]) -> Pool:
    """The same from a mapping with the keys queues, workers, min_priority and max_priority, all of them optional."""
    wrong = next((key for key in entries if key not in _KEYS), None)
    if wrong is not None:
        raise ValueError(f'a pool has no "{wrong}"; it has {", ".join(_KEYS)}')
    return _pool(*(entries.get(key) for key in _KEYS))


def pool_text(pool: Pool) -> str:
    """The shortest text that `pool_from_text` reads as the same pool."""
    text = f"{','.join(pool.queues) or '*'}:{pool.workers}"
    if pool.min_priority is None and pool.max_priority is None:
        return text
    least, most = ("" if bound is None else bound for bound in (pool.min_priority, pool.max_priority))
    return f"{text}:{least}..{most}"


def _pool(queues: str | None, workers: str | None, least: str | None, most: str | None) -> Pool:
    pool = Pool(
        queues=_queues(queues or "*"),
        workers=_whole("workers", workers, 1, MOST_WORKERS) or 1,
        min_priority=_whole("min_priority", least, -LARGEST_INTEGER - 1, LARGEST_INTEGER),
        max_priority=_whole("max_priority", most, -LARGEST_INTEGER - 1, LARGEST_INTEGER),
    )
    if pool.min_priority is not None and pool.max_priority is not None and pool.min_priority > pool.max_priority:
        raise ValueError(f"the priorities {pool.min_priority}..{pool.max_priority} of a pool are none")
    return pool


def _queues(text: str) -> tuple[str, ...]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if names == ["*"]:
        return ()
    for name in names:
        if name == "*" or _QUEUE.fullmatch(name) is None:
            raise ValueError(f'"{name}" in a pool is not the name of a queue')
        if names.count(name) > 1:
            raise ValueError(f'the queue "{name}" is named twice in one pool')
    return tuple(names)


def _whole(name: str, text: str | None, least: int, most: int) -> int | None:
    if not text:
        return None
    if _WHOLE.fullmatch(text) is None or not least <= int(text) <= most:
        raise ValueError(f'{name}: "{text}" of a pool is not a whole number from {least} to {most}')
    return int(text)
