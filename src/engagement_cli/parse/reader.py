"""One source from its first block to its last: the tasks that read it, for whichever threads."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from engagement_cli.parse import strict
from engagement_cli.parse.formats import BARE, LINE_SHAPES, Shape, blocks, recognise
from engagement_cli.parse.rules import Fields, Reject, start_of
from engagement_cli.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from engagement_cli.kernel.shapes import KnownShapes
    from engagement_cli.parse.chunk import Chunk
    from engagement_cli.parse.matched import ShapeReader
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
        self._ids_outside = self.shape == "bulk" and fields.hit_id
        fields = fields._replace(hit_id=fields.hit_id and not self._ids_outside)
        self._how = _How(self.shape in BARE, fields, vocabulary)
        self._known = known
        self._lock = Lock()
        self._matching: ShapeReader | None = None

    def tasks(self, block_size: int) -> Iterator[tuple[int, Callable[[], Chunk]]]:
        """The blocks of the source in order; each call reads and judges one.

        With each goes how many bytes of the source, as stored, are read when it is done.
        """
        size = self.stream.source.size or 0
        every = blocks(self.stream, self.shape, block_size, hit_ids=self._ids_outside)
        for count, block in enumerate(every, start=1):
            whole = self.stream.descriptor is None or self.shape not in LINE_SHAPES
            done = self.stream.stored_bytes if whole else min(count * block_size, size)
            yield done, partial(self._read, block)

    def read(self, lines: Lines) -> Chunk:
        """Judge the lines of one block."""
        chunk = self._judge(lines)
        if lines.hit_ids is not None:
            chunk = chunk.with_hit_ids(lines.hit_ids)
        if not chunk.rejects and not lines.refused:
            return chunk
        refused = [Reject(r.line, r.byte, r.reason, start_of(r.data)) for r in lines.refused]
        reasons = Counter(reject.reason for reject in refused)
        return replace(
            chunk,
            tally=chunk.tally + Tally(len(refused), rejected=reasons),
            rejects=tuple(
                sorted([*_placed(chunk.rejects, lines), *refused], key=lambda reject: reject.byte)
            ),
        )

    def _read(self, block: Callable[[], Lines]) -> Chunk:
        return self.read(block())

    def _judge(self, lines: Lines) -> Chunk:
        if self._known is not None:
            return self._shape_reader(lines, self._known).read(lines)
        return strict.read(lines.bytes, **self._how._asdict())[0]

    def _shape_reader(self, lines: Lines, known: KnownShapes) -> ShapeReader:
        """The reader by shapes; whichever block comes first, its shapes are learned from."""
        from engagement_cli.parse.matched import ShapeReader  # noqa: PLC0415 - machine code

        with self._lock:
            if self._matching is None:
                self._matching = ShapeReader(lines, known, **self._how._asdict())
            return self._matching


class _How(NamedTuple):
    """What every way to read a block is told."""

    bare: bool
    fields: Fields
    vocabulary: Vocabulary


def _placed(rejects: Sequence[Reject], lines: Lines) -> Iterator[Reject]:
    """The rejects of a block by their byte in the source, or their place in its document."""
    for reject in rejects:
        if lines.places is None:
            yield replace(reject, byte=lines.offset + reject.byte)
        else:
            line, byte = lines.places[reject.line - 1]
            yield replace(reject, line=line, byte=byte)


def numbered(rejects: Sequence[Reject], shape: Shape, lines_before: int) -> list[Reject]:
    """The rejects of a block by their line in the source, which has so many lines before it.

    Where hits were taken out of a document, they know their line already.
    """
    if shape not in LINE_SHAPES:
        return list(rejects)
    return [replace(reject, line=lines_before + reject.line) for reject in rejects]
