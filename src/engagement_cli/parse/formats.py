"""The shapes of files: recognised by their first bytes, each turned into blocks of lines."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal, get_args

import msgspec

from engagement_cli.errors import InputError
from engagement_cli.parse.bulk import action_of, last_pair_end
from engagement_cli.parse.documents import array_blocks, search_blocks
from engagement_cli.parse.rules import is_blank
from engagement_cli.schema import CONTRACT, SECONDS, SOURCE
from engagement_cli.sources.blocks import BOM, Lines, cut, ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engagement_cli.sources.streams import Stream

Shape = Literal["hits", "source", "bulk", "search", "array"]
SHAPES: tuple[Shape, ...] = get_args(Shape)
LINE_SHAPES: frozenset[Shape] = frozenset({"hits", "source"})
"""The shapes in which each line of the file is one hit."""

DOCUMENTS: frozenset[Shape] = frozenset({"search", "array"})
"""The shapes in which hits stand inside larger documents."""

_HEAD_BYTES = 64 * 1024
_RESPONSE_KEYS = frozenset(
    {
        *("took", "timed_out", "terminated_early", "num_reduce_phases", "phase_took"),
        *("_scroll_id", "pit_id", "_shards", "_clusters", "hits", "aggregations", "suggest"),
        *("profile", "status"),
    }
)
_ENCODINGS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    **{
        first.encode(encoding): encoding
        for encoding in ("UTF-32LE", "UTF-32BE", "UTF-16LE", "UTF-16BE")
        for first in "{["
    },
}
"""What a text of another encoding begins with: its mark, or what JSON begins with.

UTF-32 stands first, since little-endian it begins as UTF-16 does.
"""

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])


def recognise(stream: Stream) -> Shape:
    """The shape of a source, told by its first 64 KiB; ``hits`` where nothing tells another.

    Raises:
        InputError: It cannot be read, or is not written in UTF-8.
    """
    head = stream.peek(_HEAD_BYTES)
    for first, encoding in _ENCODINGS.items():
        if head.startswith(first):
            raise InputError(
                f"{stream.source}: written in {encoding}, and logs are UTF-8. "
                f"Convert it: iconv -f {encoding} -t UTF-8."
            )
    text = head.removeprefix(BOM).lstrip(b" \t\r\n")
    if text.startswith(b"["):
        return "array"
    for line in text.split(b"\n"):
        if (shape := _shape_of(line)) is not None:
            return shape
    first_key = text.removeprefix(b"{").lstrip(b" \t\r\n")[:20].split(b'"')[1:2]
    return "search" if first_key and first_key[0].decode("latin-1") in _RESPONSE_KEYS else "hits"


def blocks(
    stream: Stream, shape: Shape, block_size: int, *, fast: bool = False
) -> Iterator[Callable[[], Lines]]:
    """The lines of a source in order, as blocks to be called for by whichever thread.

    Args:
        stream: The source, not yet read.
        shape: Its shape.
        block_size: About how many bytes a block holds.
        fast: Whether documents are cut by machine code.
    """
    descriptor = stream.descriptor
    if shape in LINE_SHAPES and descriptor is not None:
        return ranges(stream, descriptor, block_size)
    readers: dict[Shape, Callable[[Stream, int], Iterator[Lines]]] = {
        "bulk": partial(cut, last_end=last_pair_end),
        "search": partial(search_blocks, fast=fast),
        "array": partial(array_blocks, fast=fast),
    }
    read = readers.get(shape, cut)
    return (partial(_itself, lines) for lines in read(stream, block_size))


def _itself(lines: Lines) -> Lines:
    return lines


def _shape_of(line: bytes) -> Shape | None:
    """The shape that one line tells, if it tells one."""
    if is_blank(line):
        return None
    try:
        members = _object.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if SOURCE in members:
        return "hits"
    if action_of(line) is not None:
        return "bulk"
    if bytes(members.get("hits", b"")).startswith(b"{"):
        return "search"
    return "source" if CONTRACT in members or SECONDS in members else None
