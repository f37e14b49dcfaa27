"""What each source of settings gives, as it is written there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from delayed_daemon.settings.catalogue import PREFIX, SETTINGS
from delayed_daemon.settings.reading import Raw, raw

FILE_VARIABLE = PREFIX + "CONFIG"

_BY_NAME = {setting.name: setting for setting in SETTINGS}
_NAMES = list(_BY_NAME)
_FURTHER_VARIABLES = {
    "database_url": ["DATABASE_URL"],
    "queues": ["QUEUES", "QUEUE"],  # these, and those below, are delayed_job's
    "min_priority": ["MIN_PRIORITY"],
    "max_priority": ["MAX_PRIORITY"],
    "sleep": ["SLEEP_DELAY"],
    "read_ahead": ["READ_AHEAD"],
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A value as it was written, and where."""

    raw: Raw
    source: str


@dataclass(slots=True)
class FileContents:
    """What a file sets, by key, and what is wrong with the file itself."""

    entries: dict[str, Entry] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def from_options(options: Mapping[str, object], caller: str) -> dict[str, Entry]:
    """The options that were given, from a caller that has None for those that were not."""
    return {name: Entry(_raw(name, value), caller) for name, value in options.items() if value is not None}


def _raw(name: str, value: object) -> Raw:
    """As `raw`; what a `Config` has of a mapping, pairs, becomes the text that would be typed."""
    setting = _BY_NAME.get(name)
    if setting is not None and setting.kind == "mapping" and isinstance(value, tuple):
        return setting.text(value)
    return raw(value)


def from_environment(environ: Mapping[str, str]) -> dict[str, Entry]:
    """An empty variable is one that is not set: ``DELAYED_DAEMON_NAME=${NAME:-}`` must not be an error."""
    found = _quiet(environ)
    for setting in SETTINGS:
        for variable in [setting.variable, *_FURTHER_VARIABLES.get(setting.name, [])]:
            value = environ.get(variable, "").strip()
            if value:
                found[setting.name] = Entry(value, f"environment {variable}")
                break
    return found


def _quiet(environ: Mapping[str, str]) -> dict[str, Entry]:
    """delayed_job's QUIET keeps its worker from printing; here only errors are logged, unless a level is named."""
    wanted = environ.get("QUIET", "").strip().lower() not in ("", "0", "false", "no", "off")
    return {"log_level": Entry("error", "environment QUIET")} if wanted else {}


def unknown(given: Mapping[str, Entry]) -> Iterable[str]:
    """A problem for each key that is no setting."""
    for name, entry in given.items():
        if name not in _NAMES:
            yield f"{name}: unknown setting{_suggestion(name, cutoff=0.6)} ({entry.source})"


def misspelt_variables(environ: Mapping[str, str]) -> Iterable[str]:
    """Only near misses: Kubernetes sets ``DELAYED_DAEMON_SERVICE_HOST`` and its like for a service of that name."""
    known = {setting.variable for setting in SETTINGS} | {FILE_VARIABLE}
    for variable in sorted(environ):
        if variable.startswith(PREFIX) and variable not in known:
            suggestion = _suggestion(variable.removeprefix(PREFIX), cutoff=0.8)
            if suggestion:
                yield f"{variable}: unknown setting{suggestion} (environment)"


def _suggestion(name: str, cutoff: float) -> str:
    close = get_close_matches(name.lower().replace("-", "_"), _NAMES, n=1, cutoff=cutoff)
    return f"; did you mean {close[0]}?" if close else ""
