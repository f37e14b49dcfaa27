"""The fields of `Config` as settings: what each is called on the command line, in the environment and in a file."""

from __future__ import annotations

import re
from dataclasses import Field, dataclass, fields
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from delayed_daemon.config import Config, Pool, Size
from delayed_daemon.settings.durations import format_duration
from delayed_daemon.settings.pools import pool_text
from delayed_daemon.settings.sizes import format_size

Kind = Literal["whole", "duration", "size", "switch", "list", "text", "mapping", "pools"]

PREFIX = "DELAYED_DAEMON_"

_KINDS: dict[object, Kind] = {int: "whole", float: "duration", Size: "size", bool: "switch", str: "text"}
_METAVARS: dict[Kind, str] = {
    "whole": "NUMBER",
    "duration": "DURATION",
    "size": "SIZE",
    "switch": "",
    "list": "A,B",
    "text": "TEXT",
    "mapping": "A=B,C=D",
    "pools": "A,B:N",
}


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
    values: Kind = "text"
    leaf: str = ""

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()

    @property
    def is_repeatable(self) -> bool:
        """The option may be given several times."""
        return self.kind in ("list", "mapping", "pools")

    @property
    def default_text(self) -> str:
        """The default as a person writes it, or the empty string when there is none."""
        return self.text(self.default)

    def text(self, value: Any) -> str:
        """A value of this setting as a person writes it; reading it gives the value again."""
        if value is None:
            return ""
        match self.kind:
            case "list":
                return ",".join(value)
            case "mapping":
                leaf = f".{self.leaf}" if self.leaf else ""
                return ",".join(f"{key}{leaf}={_scalar_text(self.values, each)}" for key, each in value)
            case "pools":
                return " ".join(map(pool_text, value))
            case kind:
                return _scalar_text(kind, value)


def _scalar_text(kind: Kind, value: Any) -> str:
    match kind:
        case "duration":
            return format_duration(value)
        case "size":
            return format_size(int(value))
        case "switch":
            return "yes" if value else "no"
        case _:
            return str(value)


def _setting(field: Field[Any], hint: Any) -> Setting:
    traits = dict(field.metadata)
    if "pattern" in traits:
        traits["pattern"] = re.compile(traits["pattern"])
    plain = next((each for each in get_args(hint) if each not in (NoneType, Ellipsis)), hint)
    kind: Kind
    if get_origin(plain) is tuple:
        kind, traits["values"] = "mapping", _KINDS[get_args(plain)[1]]
    elif plain is Pool:
        kind = "pools"
    else:
        kind = "list" if isinstance(field.default, tuple) else _KINDS[plain]
    metavar = "|".join(traits.get("choices", ())) or traits.pop("metavar", _METAVARS[kind])
    return Setting(name=field.name, kind=kind, default=field.default, metavar=metavar, **traits)


def _catalogue() -> tuple[Setting, ...]:
    hints = get_type_hints(Config)
    return tuple(_setting(field, hints[field.name]) for field in fields(Config))


SETTINGS = _catalogue()
