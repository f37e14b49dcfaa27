"""The configuration file: YAML of one mapping, with the line of every entry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from delayed_daemon.settings.reading import Raw, quoted
from delayed_daemon.settings.sources import Entry, FileContents

_LARGEST_BYTES = 64 * 1024
_YAML_TAGS = "tag:yaml.org,2002:"
_NULL = _YAML_TAGS + "null"


def read_file(path: Path) -> FileContents:
    """The entries of a configuration file; whatever is wrong with it is in ``problems``."""
    contents = FileContents()
    try:
        node = _parse(_load(path))
    except OSError as error:
        contents.problems.append(f"{path}: cannot be read: {error.strerror or error}")
    except _Malformed as error:
        contents.problems.append(f"{path}{error}")
    else:
        if node is not None:
            _collect(path, node, contents)
    return contents


class _Malformed(Exception):
    """Ends a sentence that starts with the file's path."""


def _load(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(_LARGEST_BYTES + 1)
    if len(content) > _LARGEST_BYTES:
        raise _Malformed(f": is larger than {_LARGEST_BYTES // 1024} KiB; is this a configuration file?")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Malformed(f" line {content.count(10, 0, error.start) + 1}: is not UTF-8") from None


def _parse(text: str) -> MappingNode | None:
    try:
        # Nodes instead of values: they know their lines, and "on" stays "on", as it does in the environment.
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" line {mark.line + 1}" if mark else ""
        raise _Malformed(f"{where}: is not YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise _Malformed(f": is not YAML: {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise _Malformed(": is nested too deeply") from None
    if node is None or node.tag == _NULL:
        return None
    if isinstance(node, MappingNode):
        return node
    raise _Malformed(f" line {node.start_mark.line + 1}: is not a mapping of settings to values")


def _collect(path: Path, mapping: MappingNode, contents: FileContents) -> None:
    seen: dict[str, int] = {}
    for key, value in mapping.value:
        line = key.start_mark.line + 1
        source = f"{path} line {line}"
        if not isinstance(key, ScalarNode):
            contents.problems.append(f"{source}: a key must be the name of a setting")
        elif key.value in seen:
            contents.problems.append(f"{key.value}: is given twice ({path} lines {seen[key.value]} and {line})")
        else:
            seen[key.value] = line
            _add(key.value, value, source, contents)


def _add(name: str, value: Node, source: str, contents: FileContents) -> None:
    try:
        raw = _raw(value)
    except _Malformed as error:
        contents.problems.append(f"{name}: {error} ({source})")
    else:
        if raw is not None:
            contents.entries[name] = Entry(raw, source)


def _raw(node: Node) -> Raw | None:
    if not node.tag.startswith(_YAML_TAGS):
        raise _Malformed(f"the tag {quoted(node.tag)} is not understood here")
    if isinstance(node, SequenceNode):
        return [dict(_flat(each)) if isinstance(each, MappingNode) else _member(each) for each in node.value]
    if isinstance(node, MappingNode):
        return dict(_flat(node))
    return None if node.tag == _NULL else str(node.value)


def _flat(mapping: MappingNode, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Its entries, those of mappings inside it under both keys, joined by a dot; a list as text with commas."""
    seen: set[str] = set()
    for key, value in mapping.value:
        name = prefix + _member(key)
        if name in seen:
            raise _Malformed(f"the key {quoted(name)} is there twice")
        seen.add(name)
        if isinstance(value, MappingNode):
            yield from _flat(value, f"{name}.")
        elif isinstance(value, SequenceNode):
            yield name, ",".join(map(_member, value.value))
        else:
            yield name, "" if value.tag == _NULL else str(value.value)


def _member(node: Node) -> str:
    if not isinstance(node, ScalarNode) or node.tag == _NULL:
        raise _Malformed("a member of the list is not a plain value")
    return str(node.value)
