"""Rows as aligned plain text: a line a row, columns two spaces apart, nothing else."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING
from unicodedata import category, east_asian_width

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_JOINERS = "\u200c\u200d"  # take no place, and are part of the spelling in some scripts


def aligned(rows: Sequence[Sequence[str | None]]) -> Iterator[str]:
    """The rows as lines; None shows as ``-``, an empty text as ``''``, control codes escaped."""
    shown = [[cell(value) for value in row] for row in rows]
    widths = [max(map(width, column)) for column in zip_longest(*shown, fillvalue="")]
    for row in shown:
        padded = (text + " " * (wide - width(text)) for text, wide in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()


def cell(value: str | None) -> str:
    """A value as one visible word of a line."""
    if value is None:
        return "-"
    if not value:
        return "''"
    return "".join(c if c.isprintable() or c in _JOINERS else repr(c)[1:-1] for c in value)


def width(text: str) -> int:
    """Places that a text takes on a terminal: none for a combining mark, two for a wide letter."""
    return sum(_places(character) for character in text)


def _places(character: str) -> int:
    if category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if east_asian_width(character) in "WF" else 1
