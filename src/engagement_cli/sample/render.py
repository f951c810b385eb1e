"""Days as bytes, a block of lines at a time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from engagement_cli.sample.day import APPS, beside
from engagement_cli.sample.dirt import dirt_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from engagement_cli.sample.day import Day, Lines, Texts
    from engagement_cli.sample.shapes import Shape

BLOCK_LINES = 10_000
"""Lines made at once; also the hits of a page, as Elasticsearch limits it."""

_DIRT_STEP = 500  # one line in so many is dirty; more in a short file, so that it holds every kind
_PLACE = re.compile(r"<(\w+)>")


def render(day: Day, shape: Shape, *, dirty: bool) -> Iterator[tuple[int, bytes]]:
    """Yield the file of a day as (hits, text), ``BLOCK_LINES`` hits at a time."""
    template = shape.separator + shape.spell(shape.record)
    dirt = [shape.separator + kind for kind in dirt_for(shape)] if dirty else []
    for start in range(0, day.lines, BLOCK_LINES):
        stop = min(start + BLOCK_LINES, day.lines)
        texts = _texts(day.fields(start, stop), shape)
        hits = beside(*_filled(template, texts))
        text = _soiled(hits, texts, dirt, range(start, stop), day.lines) if dirt else _text(hits)
        if start == 0 or shape.paged:
            text = shape.head.encode() + text.removeprefix(shape.separator.encode())
        if stop == day.lines or shape.paged:
            text += shape.tail.encode()
        yield stop - start, text


def _texts(lines: Lines, shape: Shape) -> dict[str, Texts]:
    """Return the column of each place in a template."""
    types = np.array([app.type for app in APPS], "S")
    members = np.array([shape.spell(app.member) for app in APPS], "S")
    return {
        "contract": lines.contract,
        "mac": lines.mac,
        "seconds": lines.seconds,
        "id": lines.id,
        "type": types[lines.app],
        "app": members[lines.app],
    }


def _filled(template: str, texts: dict[str, Texts]) -> Iterator[Texts]:
    """Yield the columns whose texts side by side are the lines."""
    for place, piece in enumerate(_PLACE.split(template)):
        if place % 2:
            yield texts[piece]
        elif piece:
            yield np.array(piece.encode())


def _text(padded: Texts) -> bytes:
    return padded.tobytes().translate(None, b"\0")


def _soiled(
    hits: Texts, texts: dict[str, Texts], dirt: Sequence[str], lines: range, total: int
) -> bytes:
    """Return the text of hits with a dirty one instead of each so many-th."""
    step = max(2, min(_DIRT_STEP, total // len(dirt)))
    pieces = []
    done = 0
    for line in range((step // 2 - lines.start) % step, len(lines), step):
        kind = dirt[lines[line] // step % len(dirt)]
        pieces += [_text(hits[done:line]), _spelled(kind, texts, line)]
        done = line + 1
    return b"".join([*pieces, _text(hits[done:])])


def _spelled(template: str, texts: dict[str, Texts], line: int) -> bytes:
    """Fill one template with the fields of one line."""
    raw = {place: _text(column[line : line + 1]).decode() for place, column in texts.items()}
    return _PLACE.sub(lambda place: raw[place[1]], template).encode("utf-8", "surrogateescape")
