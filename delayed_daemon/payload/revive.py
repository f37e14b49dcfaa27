"""Trees → objects, of classes that are trusted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from delayed_daemon.errors import DeserializationError
from delayed_daemon.payload.call import PerformableMethod
from delayed_daemon.payload.definitions import find_member, is_class
from delayed_daemon.payload.members import member_from
from delayed_daemon.payload.plain import too_many_equal_hashes
from delayed_daemon.payload.scalars import BY_TAG
from delayed_daemon.payload.tree import Tagged, Tree
from delayed_daemon.payload.trust import Trust

Read = TypeVar("Read")
Gathered = TypeVar("Gathered", set[Any], frozenset[Any])

_PARTS_OF_A_CALL = frozenset({"self", "args", "kwargs"})


def revive_call(name: str, parts: dict[str, Any], trust: Trust) -> PerformableMethod:
    """The call that a handler describes, its parts revived already."""
    args, kwargs = parts.get("args", []), parts.get("kwargs", {})
    if not parts.keys() <= _PARTS_OF_A_CALL or type(args) is not list or type(kwargs) is not dict:
        raise _refused("a call has self, args (a list) and kwargs (a mapping), and nothing else")
    if any(type(key) is not str for key in kwargs):
        raise _refused("a keyword that is not text")
    function = trust.function(name)
    if function is not None:
        if "self" in parts:
            raise _refused(f"{name} is a function and has no self")
        return PerformableMethod.revived(function, None, args, kwargs)
    cls, method = trust.method(name)
    receiver = _receiver(cls, method, parts, trust)
    return PerformableMethod.revived(receiver, method, args, kwargs)


def _receiver(cls: type, method: str, parts: dict[str, Any], trust: Trust) -> Any:
    if "self" not in parts:
        if type(find_member(cls, method)) not in (staticmethod, classmethod):
            raise _refused(f"{cls.__qualname__}.{method} is called on an object, and there is no self")
        return cls
    receiver = parts["self"]
    if type(receiver) is dict:
        return trust.receiver(cls).revive(receiver)
    if is_class(receiver) or not issubclass(type(receiver), cls):
        raise _refused(f"self is not a {cls.__qualname__}")
    return receiver


class Revival:
    """The revival of one tree. Raises `DeserializationError`, and what a reference's ``load`` raises."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust

    def payload(self, tree: Tree) -> object:
        if type(tree) is not Tagged or type(tree.content) is not dict:
            raise _refused("it is not a mapping with the tag !job:… or !call:…")
        kind, _, name = tree.tag.partition(":")
        content = self._mapping(tree.content)
        if kind == "job":
            return self._trust.job(name).revive(content)
        if kind == "call":
            return revive_call(name, content, self._trust)
        raise _refused(f"the tag !{tree.tag:.100} is neither !job:… nor !call:…")

    def _value(self, tree: Tree) -> Any:
        kind = type(tree)
        if kind is dict:
            return self._mapping(tree)
        if kind is list:
            return self._list(tree)
        return self._tagged(tree.tag, tree.content) if kind is Tagged else tree

    def _mapping(self, tree: dict[str, Tree]) -> dict[str, Any]:
        return {key: self._value(value) for key, value in tree.items()}

    def _list(self, tree: Tree) -> list[Any]:
        if type(tree) is not list:
            raise _refused("a tag that belongs to a list is elsewhere")
        return [self._value(item) for item in tree]

    def _tagged(self, tag: str, content: Tree) -> Any:
        scalar = BY_TAG.get(tag)
        if scalar is not None:
            return _read(tag, scalar.read, content)
        match tag:
            case "tuple":
                return tuple(self._list(content))
            case "set":
                return _distinct(self._list(content), set)
            case "frozenset":
                return _distinct(self._list(content), frozenset)
            case "map":
                return self._map(content)
        return self._named(*tag.partition(":")[::2], content)

    def _map(self, content: Tree) -> dict[Any, Any]:
        pairs = self._list(content)
        if any(type(pair) is not list or len(pair) != 2 for pair in pairs):
            raise _refused("!map is a list of pairs")
        _distinct([key for key, _ in pairs], set)
        return dict(pairs)

    def _named(self, kind: str, name: str, content: Tree) -> Any:
        if kind == "object" and type(content) is dict:
            return self._trust.record(name).revive(self._mapping(content))
        if kind == "enum":
            enum = self._trust.enum(name)
            return _read(f"enum:{name}", lambda text: member_from(enum, text), content)
        reference = self._trust.references.get(kind)
        if reference is not None:
            return reference.load(name, self._value(content))
        raise _refused(f"the tag !{kind:.50}:{name:.100} is not known here")


def _read(tag: str, read: Callable[[str], Read], content: Tree) -> Read:
    if type(content) is not str:
        raise _refused(f"!{tag:.100} belongs to text")
    try:
        return read(content)
    except Exception as error:  # from ValueError to what tzdata and an Enum's own code raise
        raise DeserializationError(f"not a handler: !{tag:.100} {content!r:.100}: {error!s:.200}") from error


def _distinct(members: list[Any], gather: Callable[[Iterable[Any]], Gathered]) -> Gathered:
    try:
        if too_many_equal_hashes(members):
            raise _refused("too many members of a set, or keys of a mapping, share one hash")
        gathered = gather(members)
    except DeserializationError:
        raise
    except Exception as error:  # what cannot be hashed, or its own code
        raise DeserializationError(f"not a handler: {error!s:.200}") from error
    if len(gathered) != len(members):
        raise _refused("a member of a set, or a key of a mapping, is there twice")
    return gathered


def _refused(reason: str) -> DeserializationError:
    return DeserializationError(f"not a handler: {reason}")
