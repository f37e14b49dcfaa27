"""Aligned text: coloured and as wide as the terminal on one, plain and whole in a pipe."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence

import click

_GAP = "  "
_LEAST_WIDTH = 8
_COLOURS = {"ready": "green", "scheduled": "cyan", "locked": "yellow", "failed": "red", "held": "magenta"}


def show_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table, as it suits where standard output leads to."""
    on_terminal = to_a_terminal()
    width = shutil.get_terminal_size().columns if on_terminal else None
    lines = table(header, rows, width=width, coloured=on_terminal and not os.environ.get("NO_COLOR"))
    click.echo("\n".join(lines))


def to_a_terminal() -> bool:
    """Whether a person watches standard output."""
    return sys.stdout is not None and sys.stdout.isatty()


def table(
    header: Sequence[str], rows: Sequence[Sequence[object]], *, width: int | None = None, coloured: bool = False
) -> Iterator[str]:
    """The lines of a table; numbers stand to the right, and None is a dash.

    With a ``width`` the widest columns of text are cut until it fits. ``coloured``: the names of states.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    right = [_numeric([row[index] for row in rows]) for index in range(len(header))]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    if width is not None:
        widths = _fitted(widths, right, width)
    for number, line in enumerate([list(header), *cells]):
        aligned = [
            _cut(text, width).rjust(width) if to_the_right else _cut(text, width).ljust(width)
            for text, width, to_the_right in zip(line, widths, right, strict=True)
        ]
        if coloured:
            aligned = [click.style(each, bold=True) if number == 0 else _coloured(each) for each in aligned]
        yield _GAP.join(aligned).rstrip()


def printable(text: str) -> str:
    """Text that cannot move the cursor or break a line, whoever wrote it."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text)


def first_line(text: str) -> str:
    """The first line with something on it."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _fitted(widths: list[int], right: list[bool], most: int) -> list[int]:
    """The widest column of text becomes narrower, as often as is needed and can be."""
    widths = list(widths)
    while sum(widths) + len(_GAP) * (len(widths) - 1) > most:
        text = [index for index in range(len(widths)) if not right[index] and widths[index] > _LEAST_WIDTH]
        if not text:
            break
        widths[max(text, key=widths.__getitem__)] -= 1
    return widths


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _coloured(cell: str) -> str:
    colour = _COLOURS.get(cell.strip())
    return click.style(cell, fg=colour) if colour else cell


def _cell(value: object) -> str:
    return "-" if value is None else printable(str(value))


def _numeric(column: Sequence[object]) -> bool:
    return any(isinstance(value, int | float) for value in column)
