"""The fields of `Config` as settings: what each is called on the command line, in the environment and in a file."""

from __future__ import annotations

import re
from dataclasses import Field, dataclass, fields
from types import NoneType
from typing import Any, Literal, get_args, get_type_hints

from delayed_daemon.config import Config
from delayed_daemon.settings.durations import format_duration

Kind = Literal["whole", "duration", "switch", "list", "text"]

PREFIX = "DELAYED_DAEMON_"

_KINDS: dict[object, Kind] = {int: "whole", float: "duration", bool: "switch", str: "text"}
_METAVARS: dict[Kind, str] = {"whole": "NUMBER", "duration": "DURATION", "switch": "", "list": "A,B", "text": "TEXT"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of `Config`, with all its names and the rules for its values."""

    name: str
    kind: Kind
    default: Any
    help: str
    section: str
    metavar: str
    short: str | None = None
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    form: str = ""
    path: bool = False
    secret: bool = False

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()

    @property
    def default_text(self) -> str:
        """The default as a person writes it, or the empty string when there is none."""
        return self.text(self.default)

    def text(self, value: Any) -> str:
        """A value of this setting as a person writes it; reading it gives the value again."""
        if value is None:
            return ""
        match self.kind:
            case "duration":
                return format_duration(value)
            case "switch":
                return "yes" if value else "no"
            case "list":
                return ",".join(value)
            case "whole" | "text":
                return str(value)


def _setting(field: Field[Any], hint: Any) -> Setting:
    traits = dict(field.metadata)
    if "pattern" in traits:
        traits["pattern"] = re.compile(traits["pattern"])
    plain = next((each for each in get_args(hint) if each not in (NoneType, Ellipsis)), hint)
    kind = "list" if isinstance(field.default, tuple) else _KINDS[plain]
    metavar = "|".join(traits.get("choices", ())) or traits.pop("metavar", _METAVARS[kind])
    return Setting(name=field.name, kind=kind, default=field.default, metavar=metavar, **traits)


def _catalogue() -> tuple[Setting, ...]:
    hints = get_type_hints(Config)
    return tuple(_setting(field, hints[field.name]) for field in fields(Config))


SETTINGS = _catalogue()
