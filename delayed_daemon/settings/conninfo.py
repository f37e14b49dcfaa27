"""The shape of a database address, checked and made presentable without loading libpq.

Messages never quote a part of the address: what looks like a port may be a piece of a password.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_PERCENT = re.compile(r"%(?!(?:0[1-9A-Fa-f]|[1-9A-Fa-f][0-9A-Fa-f]))")
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.%A-Za-z]*\]|[^:\[\]]*)(?::([0-9]*))?")
_PAIR = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*('(?:\\.|[^'\\])*'|(?:\\.|[^\s'\\])(?:\\.|[^\s\\])*|)(?=\s|$)", re.DOTALL)
_SECRETS = ("password", "secret", "key", "token")
_HIDDEN = "***"


def misfit(text: str) -> str | None:
    """What is wrong with a PostgreSQL URL or keyword string, as the end of a sentence, or None."""
    scheme = _SCHEME.match(text)
    if scheme is not None:
        return _misfit_of_url(scheme[1], text[scheme.end() :])
    if "=" not in text:
        return 'is neither a URL (postgresql://user@host/database) nor of the form "host=… dbname=…"'
    return _misfit_of_pairs(text)


def redact(text: str) -> str:
    """The same address with ``***`` for every password in it, also when it is malformed."""
    scheme = _SCHEME.match(text)
    if scheme is None:
        return _redact_pairs(text)
    rest, question, query = text[scheme.end() :].partition("?")
    user, colon, _ = rest.partition(":")
    if colon and "@" in query:
        return f"{scheme[0]}{user}:{_HIDDEN}"  # a raw ? in the password: nothing behind it is certain
    user_and_password, at, place = rest.rpartition("@")
    user, colon, _ = user_and_password.partition(":")
    parameters = "&".join(_redact_parameter(each) for each in query.split("&"))
    return scheme[0] + user + colon + (_HIDDEN if colon else "") + at + place + question + parameters


def _misfit_of_url(scheme: str, rest: str) -> str | None:
    if scheme not in ("postgresql", "postgres"):
        hint = "; leave out what follows the +" if scheme.startswith(("postgresql+", "postgres+")) else ""
        return f"is not a PostgreSQL URL: it starts with {scheme}:// instead of postgresql://{hint}"
    if re.search(r"\s", rest):
        return "has white space in it; in a URL that is written %20"
    if _PERCENT.search(rest):
        return "has a % that two hexadecimal digits do not follow; a % itself is written %25"
    path, _, query = rest.partition("?")
    user, _, hosts = path.partition("/")[0].rpartition("@")
    if "@" in user or not all(_valid(host) for host in hosts.split(",")):
        return "has no valid host and port; in a password, : / ? # @ are written %3A %2F %3F %23 %40"
    if any(each.count("=") != 1 for each in query.split("&") if query):
        return "has a parameter after the ? that is not name=value"
    return None


def _valid(host: str) -> bool:
    found = _HOST.fullmatch(host)
    return found is not None and (not found[1] or 0 < int(found[1][:6]) < 65536)


def _misfit_of_pairs(text: str) -> str | None:
    position, text = 0, text.rstrip()
    while position < len(text):
        found = _PAIR.match(text, position)
        if found is None:
            return "is not a list of name=value; a value with spaces stands in single quotes"
        position = found.end()
    return None


def _secret(name: str) -> bool:
    return name.lower() != "sslkey" and any(word in name.lower() for word in _SECRETS)


def _redact_parameter(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    return name + equals + _HIDDEN if equals and _secret(unquote(name)) else parameter


def _redact_pairs(text: str) -> str:
    if _misfit_of_pairs(text) is not None:
        return _HIDDEN
    return _PAIR.sub(_redact_pair, text)


def _redact_pair(found: re.Match[str]) -> str:
    return found[0][: found.start(2) - found.start()] + _HIDDEN if _secret(found[1]) else found[0]
