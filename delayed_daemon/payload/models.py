"""The state of pydantic models: their fields, and beside them what pydantic keeps in slots of its own.

Written are the fields by the names of their attributes, not by aliases; and under pydantic's own names, which no
field can have, what does not follow from them: ``__pydantic_fields_set__`` where not all fields were set,
``__pydantic_extra__`` where there are any, ``__pydantic_private__`` where the model has private attributes.
"""

from __future__ import annotations

from typing import Any

from delayed_daemon.errors import DeserializationError
from delayed_daemon.payload.definitions import find_member
from delayed_daemon.payload.fields import field_of_model
from delayed_daemon.payload.state import Shape, default_of

_SET, _EXTRA, _PRIVATE = "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__"


class ModelShape(Shape):
    """As `Shape`, for a pydantic model. No validator runs, nor ``model_post_init``."""

    __slots__ = ("_allows_extra", "_private")

    def __init__(self, cls: type) -> None:
        super().__init__(cls)
        config: Any = find_member(cls, "model_config")
        self._allows_extra = config.get("extra") == "allow"
        private: Any = find_member(cls, "__private_attributes__")
        self._private = {name: field_of_model(name, attribute) for name, attribute in private.items()}

    def state(self, instance: object) -> dict[str, Any]:
        kept = self._kept(instance)
        were_set, extra, private = (kept.pop(name, None) for name in (_SET, _EXTRA, _PRIVATE))
        state = self._of_fields(kept)
        if were_set is not None and were_set != state.keys() | (extra or {}).keys():
            state[_SET] = sorted(were_set)
        if extra:
            state[_EXTRA] = dict(extra)
        if private is not None:
            state[_PRIVATE] = dict(private)
        return state

    def revive(self, state: dict[str, Any]) -> Any:
        were_set, extra, private = (state.pop(name, None) for name in (_SET, _EXTRA, _PRIVATE))
        given = set(state)
        extra = self._extra(extra)
        private = self._private_state(private)
        instance = super().revive(state)
        self._slots[_SET].__set__(instance, self._were_set(were_set, given | (extra or {}).keys()))
        self._slots[_EXTRA].__set__(instance, extra)
        self._slots[_PRIVATE].__set__(instance, private)
        return instance

    def _were_set(self, names: Any, unless_said: set[str]) -> set[str]:
        if names is None:
            return unless_said
        if type(names) is not list or any(type(name) is not str for name in names):
            raise self._refused(_SET, "is not a list of names")
        return set(names)

    def _extra(self, extra: Any) -> dict[str, Any] | None:
        if extra is None:
            return {} if self._allows_extra else None
        if not self._allows_extra or not _is_mapping(extra):
            raise self._refused(_EXTRA, "is not a mapping, or the model allows none")
        return dict(extra)

    def _private_state(self, private: Any) -> dict[str, Any] | None:
        if private is None:
            return self._private_defaults() if self._private else None
        if not _is_mapping(private) or not private.keys() <= self._private.keys():
            raise self._refused(_PRIVATE, "is not a mapping of the model's private attributes")
        return dict(private)

    def _private_defaults(self) -> dict[str, Any]:
        """Those without a default stay unset."""
        return {
            name: default_of(self.cls, name, field.factory)
            for name, field in self._private.items()
            if field.factory is not None
        }

    def _refused(self, name: str, reason: str) -> DeserializationError:
        return DeserializationError(f"not a handler: {name} of {self.cls.__qualname__} {reason}")


def _is_mapping(value: Any) -> bool:
    return type(value) is dict and all(type(key) is str for key in value)
