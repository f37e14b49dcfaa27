"""Which shape a class has."""

from __future__ import annotations

from functools import lru_cache

from delayed_daemon.payload.fields import is_model
from delayed_daemon.payload.models import ModelShape
from delayed_daemon.payload.state import Shape


@lru_cache(maxsize=4096)
def shape_of(cls: type) -> Shape:
    """The shape of a class, worked out once. Raises `NoState`."""
    return ModelShape(cls) if is_model(cls) else Shape(cls)
