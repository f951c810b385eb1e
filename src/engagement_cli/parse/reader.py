"""One source from its first block to its last: the tasks that read it, for whichever threads."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from engagement_cli.parse import bulk, strict
from engagement_cli.parse.formats import DOCUMENTS, LINE_SHAPES, Shape, blocks, recognise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from engagement_cli.kernel.shapes import KnownShapes
    from engagement_cli.parse.chunk import Chunk
    from engagement_cli.parse.matched import ShapeReader
    from engagement_cli.parse.rules import Fields, Reject
    from engagement_cli.sources.blocks import Lines
    from engagement_cli.sources.streams import Stream
    from engagement_cli.vocabulary import Vocabulary


class Reader:
    """Reads one open source.

    Attributes:
        stream: The source.
        shape: Its shape, as forced or as recognised.
    """

    def __init__(
        self,
        stream: Stream,
        *,
        shape: Shape | None,
        fields: Fields,
        vocabulary: Vocabulary,
        known: KnownShapes | None = None,
    ) -> None:
        """Begin to read.

        Args:
            stream: The source.
            shape: Its shape; None to recognise it.
            fields: The optional fields that are read.
            vocabulary: The names that the chunks refer to.
            known: The shapes of lines met so far, to read with machine code, which pays for many
                lines; None to do without.
        """
        self.stream = stream
        self.shape = shape or recognise(stream)
        self._fields, self._vocabulary = fields, vocabulary
        self._known = known
        self._lock = Lock()
        self._matching: ShapeReader | None = None

    def tasks(self, block_size: int) -> Iterator[tuple[int, Callable[[], Chunk]]]:
        """The blocks of the source in order; each call reads and judges one.

        With each goes how many bytes of the source, as stored, are read when it is done.
        """
        size = self.stream.source.size or 0
        every = blocks(self.stream, self.shape, block_size, fast=self._known is not None)
        for count, block in enumerate(every, start=1):
            whole = self.stream.descriptor is None or self.shape not in LINE_SHAPES
            done = self.stream.stored_bytes if whole else min(count * block_size, size)
            yield done, partial(self._read, block)

    def read(self, lines: Lines) -> Chunk:
        """Judge the lines of one block."""
        chunk = self._judge(lines)
        if not chunk.rejects:
            return chunk
        return replace(chunk, rejects=tuple(_placed(chunk.rejects, lines)))

    def _read(self, block: Callable[[], Lines]) -> Chunk:
        return self.read(block())

    def _judge(self, lines: Lines) -> Chunk:
        if self._known is not None:
            return self._shape_reader(lines, self._known).read(lines)
        if self.shape == "bulk":
            return bulk.read(lines.bytes, self._fields, self._vocabulary)
        chunk, _ = strict.read(
            lines.bytes,
            bare=self.shape == "source",
            fields=self._fields,
            vocabulary=self._vocabulary,
        )
        return chunk

    def _shape_reader(self, lines: Lines, known: KnownShapes) -> ShapeReader:
        """The reader by shapes; whichever block comes first, its shapes are learned from."""
        from engagement_cli.parse.matched import shape_reader  # noqa: PLC0415 - machine code

        with self._lock:
            if self._matching is None:
                how = self._fields, self._vocabulary
                self._matching = shape_reader(self.shape, lines, known, *how)
            return self._matching


def _placed(rejects: Sequence[Reject], lines: Lines) -> Iterator[Reject]:
    """The rejects of a block by their byte in the source, or their place in its document."""
    for reject in rejects:
        if lines.places is None:
            yield replace(reject, byte=lines.offset + reject.byte)
        else:
            line, byte = lines.places[2 * reject.line - 2 : 2 * reject.line]
            yield replace(reject, line=line, byte=byte)


def numbered(rejects: Sequence[Reject], shape: Shape, lines_before: int) -> list[Reject]:
    """The rejects of a block by their line in the source, which has so many lines before it.

    Where hits were taken out of a document, they know their line already.
    """
    if shape in DOCUMENTS:
        return list(rejects)
    return [replace(reject, line=lines_before + reject.line) for reject in rejects]
