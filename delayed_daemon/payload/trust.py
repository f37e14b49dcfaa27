"""Which names in a handler stand for something: only what the application named, and only where it was defined."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import Enum
from types import FunctionType
from typing import Final, Self

from delayed_daemon.aliases import Aliases
from delayed_daemon.config import Config
from delayed_daemon.errors import DeserializationError, UnknownJobClass
from delayed_daemon.payload.definitions import (
    Definition,
    find_member,
    home_of,
    is_class,
    is_definition,
    is_method,
    is_public_method,
    look_up,
)
from delayed_daemon.payload.fields import is_record
from delayed_daemon.payload.limits import LONGEST_NAME
from delayed_daemon.payload.references import ReferenceKind
from delayed_daemon.payload.shapes import shape_of
from delayed_daemon.payload.state import NoState, Shape

NO_ALIASES: Final = Aliases()


class Trust:
    """The modules whose classes and functions a handler may name, each with the modules below it.

    Nothing is imported and nothing is run in order to find a name: a module counts once the application has
    imported it, and gives only what was defined in it (``__module__`` and ``__qualname__``), not what it
    imported. Whatever is not found raises `UnknownJobClass`, which holds the job. A name that ``aliases`` knows is
    looked for under its new name, which must be trusted as any other.
    """

    def __init__(
        self, modules: Iterable[str], references: Iterable[ReferenceKind] = (), aliases: Aliases = NO_ALIASES
    ) -> None:
        self.modules = frozenset(modules)
        self.references = {kind.prefix: kind for kind in references}
        self._aliases = aliases
        self._jobs: dict[str, Shape] = {}

    @classmethod
    def configured(cls, config: Config) -> Self:
        """What the settings ``app``, ``allow`` and ``aliases`` come to."""
        return cls((*config.app, *config.allow), aliases=Aliases(config.aliases))

    def resolve(self, name: str) -> Definition:
        """The class or function of that full name."""
        new = self._new_name(name)
        try:
            return self._found(new)
        except UnknownJobClass as unknown:
            if new == name:
                raise
            raise UnknownJobClass(name, f"an alias leads to {unknown}") from None

    def job(self, name: str) -> Shape:
        """The shape of the job class of that name: a class with a ``perform`` method."""
        shape = self._jobs.get(name)
        if shape is None:
            cls = self._class(name)
            if not is_method(find_member(cls, "perform")):
                raise UnknownJobClass(name, "the class has no perform method")
            shape = self._jobs[name] = self._shape(name, cls)
        return shape

    def function(self, name: str) -> FunctionType | None:
        """The public function at the top of a module that has this name; None when the name is of a method."""
        _, qualname = _split(self._new_name(name))
        if "." in qualname:
            return None
        if qualname.startswith("_"):
            raise UnknownJobClass(name, "names that start with an underscore cannot be called")
        found = self.resolve(name)
        if type(found) is not FunctionType:
            raise UnknownJobClass(name, "it is a class: name one of its methods")
        return found

    def method(self, name: str) -> tuple[type, str]:
        """The class and the name of one of its public methods, given the full name of the method."""
        owner, _, method = self._new_name(name).rpartition(".")
        cls = self._class(owner)
        if not is_public_method(cls, method):
            raise UnknownJobClass(name, f"{owner} has no public method of that name")
        return cls, method

    def receiver(self, cls: type) -> Shape:
        """How receivers of that class, already resolved, are put together."""
        return self._shape(".".join(home_of(cls)), cls)

    def record(self, name: str) -> Shape:
        """The shape of a class whose instances are values inside a job."""
        cls = self._class(name)
        if not is_record(cls):
            raise UnknownJobClass(name, "it is no dataclass, attrs class or pydantic model")
        return self._shape(name, cls)

    def enum(self, name: str) -> type[Enum]:
        cls = self._class(name)
        if not issubclass(cls, Enum):
            raise UnknownJobClass(name, "it is not an Enum")
        return cls

    def _new_name(self, name: str) -> str:
        if len(name) > LONGEST_NAME:
            raise DeserializationError(f"a name of {len(name)} characters")
        return self._aliases.new_name(name)

    def _found(self, name: str) -> Definition:
        module, qualname = _split(name)
        if not self._covers(module):
            raise UnknownJobClass(name, f"module {module} is not trusted: name it with --app or allow")
        found = look_up(module, qualname)
        if not is_definition(found):
            raise UnknownJobClass(name, f"module {module} has no such class or function")
        if home_of(found) != (module, qualname):
            raise UnknownJobClass(name, f"it is not defined in module {module}")
        return found

    def _class(self, name: str) -> type:
        found = self.resolve(name)
        if not is_class(found):
            raise UnknownJobClass(name, "it is not a class")
        return found

    def _shape(self, name: str, cls: type) -> Shape:
        try:
            return shape_of(cls)
        except NoState as error:
            raise UnknownJobClass(name, f"the class {error.reason}") from None

    def _covers(self, module: str) -> bool:
        while module:
            if module in self.modules:
                return True
            module = module.rpartition(".")[0]
        return False


def _split(name: str) -> tuple[str, str]:
    """Split at the longest module name that is already imported; where none is, before the last dot."""
    module, _, rest = name.rpartition(".")
    while module and module not in sys.modules:
        module = module.rpartition(".")[0]
    if module:
        return module, name[len(module) + 1 :]
    return name.rpartition(".")[0], rest
