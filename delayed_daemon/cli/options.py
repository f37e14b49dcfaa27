"""Options made from the fields of `Config`: one decorator for every command."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from delayed_daemon.settings import SETTINGS, Resolved, Setting, file_named, resolve

DATABASE = ("database_url", "data_dir", "schema", "log_level")
"""The settings of a command that only talks to the database."""

_OTHER = "Other"


@dataclass(slots=True)
class Session:
    """What `main` must know about the command that it ran."""

    debug: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """The settings on the command line as they were typed, and the configuration file to read, if any.

    It can be resolved again, in another process too: after HUP the file and nothing else may have changed.
    """

    options: Mapping[str, object]
    file: Path | None

    def resolve(self) -> Resolved:
        """Raises `InvalidOptions`. Loads YAML when there is a file."""
        return resolve(self.options, os.environ, self.file)

    @property
    def debugging(self) -> bool:
        """Whether tracebacks are wanted; known before the settings are valid, so the file is not asked."""
        given = self.options.get("log_level") or os.environ.get("DELAYED_DAEMON_LOG_LEVEL")
        return given == "debug"


class SectionedCommand(click.Command):
    """Lists its options under the headings of their settings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                sections.setdefault(getattr(parameter, "section", _OTHER), []).append(record)
        sections[_OTHER] = sections.pop(_OTHER, [])
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records)


class SettingOption(click.Option):
    """An option whose value is read elsewhere, together with the environment and the file."""

    def __init__(self, *args: Any, section: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section


def takes_settings(*names: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Gives a command the options of these settings, all unless named, and ``--config``.

    The command's first argument is the `Given` that they make.
    """
    settings = [setting for setting in SETTINGS if not names or setting.name in names]

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        @wraps(command)
        def gather(*, config: str | None, **parameters: Any) -> int:
            options = {setting.name: _as_typed(setting, parameters.pop(setting.name)) for setting in settings}
            given = Given(options, file_named(config, os.environ))
            click.get_current_context().ensure_object(Session).debug = given.debugging
            return command(given, **parameters)

        described: Callable[..., int] = gather
        for decorator in [_config_option(), *(_option(setting) for setting in reversed(settings))]:
            described = decorator(described)
        return described

    return decorate


def _option(setting: Setting) -> Callable[[Callable[..., int]], Callable[..., int]]:
    flags = [setting.flag]
    if setting.short:
        flags.insert(0, f"-{setting.short}")
    if setting.kind == "switch":
        return click.option(
            f"{setting.flag}/--no-{setting.flag[2:]}",
            setting.name,
            default=None,
            cls=SettingOption,
            section=setting.section,
            help=_help(setting),
        )
    return click.option(
        *flags,
        setting.name,
        metavar=setting.metavar,
        multiple=setting.is_repeatable,
        cls=SettingOption,
        section=setting.section,
        shell_complete=lambda _context, _option, begun: [each for each in setting.choices if each.startswith(begun)],
        help=_help(setting),
    )


def _config_option() -> Callable[[Callable[..., int]], Callable[..., int]]:
    return click.option("--config", metavar="FILE", help="YAML file of settings  [env: DELAYED_DAEMON_CONFIG]")


def _help(setting: Setting) -> str:
    default = f"default: {setting.default_text}; " if setting.default_text else ""
    return f"{setting.help}  [{default}env: {setting.variable}]"


def _as_typed(setting: Setting, value: object) -> object:
    """The members of a repeated option joined as one option could have had them; None when not given."""
    if not isinstance(value, tuple):
        return value
    return ((" " if setting.kind == "pools" else ",").join(value)) if value else None
