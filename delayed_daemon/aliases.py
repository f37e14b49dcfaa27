"""New names for classes and modules that were renamed while jobs of theirs were waiting."""

from __future__ import annotations

from collections.abc import Iterable


class Aliases:
    """Leads from old names to new ones; the longest one counts that is the whole name or a part before a dot.

    So a class's alias is one for its methods, too, and a module's for all below it. A new name is final: see
    `problems`.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._new = dict(pairs)

    def new_name(self, name: str) -> str:
        """The name that stands for it now; the same when none does."""
        old = self._longest(name)
        return name if old is None else self._new[old] + name[len(old) :]

    def problems(self) -> Iterable[str]:
        """What is wrong: new names that are old themselves. Without any, a new name stands for itself."""
        for old, new in self._new.items():
            if self._longest(new) == old:
                yield f"{old} leads to {new}, and from there to itself again: name what is in it, one by one"
            elif self._comes_back(old):
                yield f"{old} leads to {new}, and from there back: one of the two must go"
            elif self._longest(new) is not None:
                yield f"{old} leads to {new}, which is old, too: write {old}={self.new_name(new)}"
            for further, newest in self._new.items():
                hidden = old + further.removeprefix(new)
                if further.startswith(f"{new}.") and self._longest(hidden) == old:
                    yield f"{hidden} leads to {further}, which is old, too: add {hidden}={newest}"

    def _longest(self, name: str) -> str | None:
        if not self._new:
            return None
        part = name
        while part:
            if part in self._new:
                return part
            part = part.rpartition(".")[0]
        return None

    def _comes_back(self, start: str) -> bool:
        """Followed as often as there are aliases, it has come upon one twice or upon the end."""
        name, seen = start, set()
        while (old := self._longest(name)) is not None:
            if old in seen:
                return True
            seen.add(old)
            name = self.new_name(name)
        return False
