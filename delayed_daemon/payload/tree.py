"""What lies between text and objects: JSON's values and `Tagged` ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Tree = Any
"""None, bool, int, float, str, list of trees, dict from str to tree, or `Tagged`."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """A node with a tag (without its exclamation mark). Under a tag a scalar's content is its text, unresolved."""

    tag: str
    content: Tree
