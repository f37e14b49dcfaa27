"""Aligned plain text, the same on a terminal and in a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_GAP = "  "


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """The lines of a table; numbers stand to the right, and None is a dash."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    right = [_numeric([row[index] for row in rows]) for index in range(len(header))]
    for line in [list(header), *cells]:
        aligned = [
            text.rjust(width) if to_the_right else text.ljust(width)
            for text, width, to_the_right in zip(line, widths, right, strict=True)
        ]
        yield _GAP.join(aligned).rstrip()


def printable(text: str) -> str:
    """Text that cannot move the cursor or break a line, whoever wrote it."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text)


def _cell(value: object) -> str:
    return "-" if value is None else printable(str(value))


def _numeric(column: Sequence[object]) -> bool:
    return any(isinstance(value, int | float) for value in column)
