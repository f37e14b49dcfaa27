"""Values stored as a reference to where they live, such as an ORM's rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ReferenceKind:
    """One kind of reference, written as ``!prefix:name content``.

    ``refers`` says whether a value is of this kind; ``dump`` gives its name and a content of storable values, and
    raises `SerializationError` when it has no identity yet; ``load`` finds the value again, and raises
    `DeserializationError` when it is gone. What else ``load`` raises (a database that does not answer) is passed on.
    """

    prefix: str
    refers: Callable[[object], bool]
    dump: Callable[[Any], tuple[str, Any]]
    load: Callable[[str, Any], object]
