"""Errors made fit for a row: guarded, escaped, redacted, bounded."""

from __future__ import annotations

import re
import traceback

from delayed_daemon.execution.caught import caught
from delayed_daemon.outcome import ErrorReport

MOST_OCTETS = 64 * 1024
MOST_IN_SUMMARY = 500
_CUT = "\n… cut …\n"
_UNSTORABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
# The scheme is bounded and begins a word: looked for from each of 64 K letters to the end, it would take seconds.
_SECRETS = (
    re.compile(r"(?P<before>\b[a-z][a-z0-9+.-]{0,30}://[^\s:/@]*:)[^\s/]+(?P<after>@)", re.IGNORECASE),
    re.compile(
        r"(?P<before>(?:password|passwd|pwd|secret|token|api[_-]?key)\b['\"]?\s*[=:]\s*)"
        r"(?:'[^'\n]*'|\"[^\"\n]*\"|['\"]?[^\s'\",;&]+)(?P<after>)",
        re.IGNORECASE,
    ),
)


def report(error: BaseException) -> ErrorReport:
    """``Class: message``, then the traceback; at most 64 KiB, head and tail kept."""
    headline = f"{_class_name(error)}: {_message(error)}"
    return report_text(f"{headline}\n\n{_backtrace(error)}", headline)


def report_text(text: str, headline: str | None = None) -> ErrorReport:
    """A report of a plain sentence; ``headline`` is its first line unless given."""
    summary = _storable(_ends(headline if headline is not None else text, 4 * MOST_IN_SUMMARY))
    first_line = summary.lstrip().split("\n", 1)[0]
    return ErrorReport(text=_bounded(_storable(_ends(text, MOST_OCTETS))), summary=first_line[:MOST_IN_SUMMARY])


def _class_name(error: BaseException | None) -> str:
    """Past whatever a metaclass may do."""
    return str(type.__getattribute__(type(error), "__qualname__"))


def undeletable(error: str) -> ErrorReport:
    """For a job that was performed and whose row refuses to be deleted: failed, so that it is not performed again."""
    return report_text(f"performed, but its row cannot be deleted: {error}")


def unwritable(error: str) -> ErrorReport:
    """For a job whose row does not take the outcome of its attempt."""
    return report_text(f"the outcome of the attempt cannot be written: {error}")


def _message(error: BaseException) -> str:
    said: list[str] = []
    # A subclass of str may do anything when it is formatted; str.__str__ makes a plain one of it.
    failed = caught(lambda: said.append(_ends(str.__str__(str(error)), MOST_OCTETS)))
    return said[0] if said else f"(its message cannot be shown: {_class_name(failed)})"


def _backtrace(error: BaseException) -> str:
    said: list[str] = []
    failed = caught(lambda: said.append("".join(traceback.format_exception(error))))
    return said[0] if said else f"(its backtrace cannot be shown: {_class_name(failed)})"


def _ends(text: str, most: int) -> str:
    """The text, or its head and tail: a gigabyte is cut before anything walks through it."""
    if len(text) <= most:
        return text
    half = (most - len(_CUT)) // 2
    return text[:half] + _CUT + text[-half:]


def _storable(text: str) -> str:
    for secret in _SECRETS:
        text = secret.sub(r"\g<before>***\g<after>", text)
    return _UNSTORABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def _bounded(text: str) -> str:
    """At most 64 KiB of UTF-8: escapes and wide characters may have made it longer."""
    octets = text.encode()
    if len(octets) <= MOST_OCTETS:
        return text
    half = (MOST_OCTETS - len(_CUT.encode())) // 2
    return octets[:half].decode("utf-8", "ignore") + _CUT + octets[-half:].decode("utf-8", "ignore")
