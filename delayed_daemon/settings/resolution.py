"""Command line over environment over file over default: one `Config`, or every problem at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from delayed_daemon.aliases import Aliases
from delayed_daemon.config import Config
from delayed_daemon.errors import InvalidOptions
from delayed_daemon.settings.catalogue import SETTINGS
from delayed_daemon.settings.conninfo import redact
from delayed_daemon.settings.reading import Unfit, read
from delayed_daemon.settings.sources import (
    FILE_VARIABLE,
    Entry,
    FileContents,
    from_environment,
    from_options,
    misspelt_variables,
    unknown,
)


@dataclass(frozen=True, slots=True)
class Resolved:
    """The effective settings, and for each field where its value came from."""

    config: Config
    sources: Mapping[str, str]

    def shown(self) -> dict[str, Any]:
        """The value of each field fit for people to see: passwords are hidden."""
        values = {setting.name: getattr(self.config, setting.name) for setting in SETTINGS}
        for setting in SETTINGS:
            if setting.secret and values[setting.name] is not None:
                values[setting.name] = redact(values[setting.name])
        return values


def resolve(
    options: Mapping[str, object],
    environ: Mapping[str, str],
    file: Path | None = None,
    *,
    caller: str = "command line",
) -> Resolved:
    """The settings of ``options`` (None is "not given"; ``caller`` names their source), environment and file.

    A value that a better source overrides is not looked at. Raises `InvalidOptions` with every problem.
    """
    contents = _contents(file) if file is not None else FileContents()
    given = {**contents.entries, **from_environment(environ), **from_options(options, caller)}
    problems = [*contents.problems, *misspelt_variables(environ), *unknown(given)]
    values = _values(given, problems)
    sources = {setting.name: given[setting.name].source if setting.name in given else "default" for setting in SETTINGS}
    problems += _contradictions(values, sources)
    if problems:
        raise InvalidOptions(problems)
    return Resolved(Config(**values), sources)


def file_named(option: str | None, environ: Mapping[str, str]) -> Path | None:
    """The configuration file that ``--config`` or ``DELAYED_DAEMON_CONFIG`` names."""
    name = option or environ.get(FILE_VARIABLE)
    return Path(name).expanduser() if name else None


def _contents(file: Path) -> FileContents:
    # Here and not above: the process that becomes the supervisor loads YAML only when it must.
    from delayed_daemon.settings.file import read_file

    return read_file(file)


def _values(given: Mapping[str, Entry], problems: list[str]) -> dict[str, Any]:
    values = {}
    for setting in SETTINGS:
        entry = given.get(setting.name)
        if entry is None:
            continue
        try:
            values[setting.name] = read(setting, entry.raw)
        except Unfit as unfit:
            problems.append(f"{setting.name}: {unfit} ({entry.source})")
    return values


def _contradictions(values: Mapping[str, Any], sources: Mapping[str, str]) -> Iterable[str]:
    for name in ("workers", "queues", "min_priority", "max_priority"):
        if values.get("pool") and values.get(name) not in (None, ()):
            yield f"{name}: each pool says its own, so leave out {name} ({sources[name]}) or pool ({sources['pool']})"
    for problem in Aliases(values.get("aliases", ())).problems():
        yield f"aliases: {problem} ({sources['aliases']})"
    least, most = values.get("min_priority"), values.get("max_priority")
    if least is not None and most is not None and least > most:
        yield (
            f"min_priority: {least} ({sources['min_priority']}) is more than "
            f"max_priority, {most} ({sources['max_priority']})"
        )
