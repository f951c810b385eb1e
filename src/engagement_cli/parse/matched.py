"""The fast reader: lines of a known shape by machine code, all others by the strict reader.

What comes out is what the strict reader would have made of every line, in the same order.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from engagement_cli.contracts import Contracts
from engagement_cli.kernel.layout import PADDING, Extra, Run
from engagement_cli.kernel.scan import Scanner
from engagement_cli.kernel.shapes import MAX_KNOWN
from engagement_cli.parse import bulk, strict
from engagement_cli.parse.chunk import Chunk
from engagement_cli.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from engagement_cli.kernel.layout import Words
    from engagement_cli.kernel.scan import Scanned
    from engagement_cli.kernel.shapes import KnownShapes, Mode
    from engagement_cli.parse.rules import Fields, Reject
    from engagement_cli.sources.blocks import Lines
    from engagement_cli.vocabulary import Vocabulary

_SAMPLE_BYTES = 32 * 1024
"""The beginning of a file, from which its shapes are learned."""
_LESSON_BYTES = 4 * 1024
"""Of the lines of a block that no shape matched, so much is learned from."""


class ShapeReader:
    """Reads the blocks of one source by the shapes of its lines, in any thread.

    The first lines of the source are learned from, and later ones that no shape matched, as long as
    that teaches something: after each lesson that did not, twice as many blocks pass by.
    """

    def __init__(
        self,
        first: Lines,
        known: KnownShapes,
        mode: Mode,
        fields: Fields,
        vocabulary: Vocabulary,
    ) -> None:
        self._known = known
        self._mode = mode
        self._fields = fields
        self._vocabulary = vocabulary
        self._mine = threading.local()
        self._lock = threading.Lock()
        self._shapes = known.of(self._mode)
        self._wait = self._pause = 0
        self._learn(self._unmatched(_head(first)))

    def read(self, lines: Lines) -> Chunk:
        """Judge the lines of a block; rejects are placed by line and byte of the block."""
        text = np.frombuffer(lines.buffer, np.uint8)[lines.start :]
        scanned = self._scanner().scan(text, lines.stop - lines.start)
        matched = self._matched(scanned, text)
        if not len(scanned.runs):
            return matched
        pieces = [text[start:stop].tobytes() for start, stop, _ in scanned.runs.tolist()]
        with self._lock:
            self._pause = max(self._pause - 1, 0)
            if not self._pause:
                self._learn(_beginning(pieces, _LESSON_BYTES))
        return self._with_unmatched(matched, scanned, pieces)

    def _learn(self, sample: bytes) -> None:
        found = self._known.learn(sample, self._mode) if sample else ()
        new = tuple(shape for shape in found if shape not in self._shapes)
        self._shapes = (new + self._shapes)[:MAX_KNOWN]
        self._wait = 0 if new else max(1, 2 * self._wait)
        self._pause = self._wait

    def _unmatched(self, sample: bytes) -> bytes:
        """The lines of a sample that no known shape matches."""
        text = np.frombuffer(sample + bytes(PADDING), np.uint8).copy()
        runs = self._scanner().scan(text, len(sample)).runs
        return b"".join(sample[start:stop] for start, stop, _ in runs.tolist())

    def _scanner(self) -> Scanner:
        """This thread's way through the source, by the shapes that are known by now."""
        shapes = self._shapes
        if getattr(self._mine, "shapes", None) is not shapes:
            self._mine.shapes = shapes
            self._mine.scanner = Scanner(
                shapes,
                self._vocabulary.apps.code,
                mac=self._fields.mac,
                hit_id=self._fields.hit_id,
            )
        scanner: Scanner = self._mine.scanner
        return scanner

    def _matched(self, scanned: Scanned, text: NDArray[np.uint8]) -> Chunk:
        """The lines that a shape matched."""
        count = len(scanned.rows)
        extras = scanned.extras
        macs = hit_ids = None
        if extras is not None and self._fields.mac:
            macs = Contracts(extras[:, Extra.MAC_HI].copy(), extras[:, Extra.MAC_LO].copy())
        if extras is not None and self._fields.hit_id:
            hit_ids = _strings(text, extras[:, Extra.ID_START], extras[:, Extra.ID_LENGTH])
        tally = Tally(count, valid=count, over_day=scanned.over_day, shape_matched=count)
        rows = scanned.rows.copy()  # the next scan writes to the same place
        return Chunk(rows, self._vocabulary, tally, macs=macs, hit_ids=hit_ids)

    def _with_unmatched(self, matched: Chunk, scanned: Scanned, pieces: Sequence[bytes]) -> Chunk:
        """The matched lines and, each in its place, the valid ones of the others."""
        runs = scanned.runs.astype(np.int64)
        others, numbers = strict.read(
            b"".join(pieces),
            bare=self._mode == "source",
            fields=self._fields,
            vocabulary=self._vocabulary,
        )
        lines = [piece.count(b"\n") + (not piece.endswith(b"\n")) for piece in pieces]
        first_line = np.cumsum([0, *lines])[:-1]
        first_byte = np.cumsum([0, *map(len, pieces)])[:-1]

        def placed(reject: Reject) -> Reject:
            run = np.searchsorted(first_line, reject.line - 1, "right") - 1
            return replace(
                reject,
                line=int(runs[run, Run.LINE] + reject.line - first_line[run]),
                byte=int(runs[run, Run.START] + reject.byte - first_byte[run]),
            )

        run_of = np.searchsorted(first_line, numbers - 1, "right") - 1
        matched_before = runs[run_of, Run.LINE] - first_line[run_of]
        rejects = tuple(placed(reject) for reject in others.rejects)
        return matched.with_inserted(replace(others, rejects=rejects), matched_before)


class PairReader(ShapeReader):
    """Reads bulk files, in which a shape is one of two lines: an action and its source.

    A block begins where no action waits for its source, and none waits behind a pair that matched.
    So if none waits behind lines that no shape matched, what matches next is a pair indeed; if one
    does, the block is read strictly.
    """

    def read(self, lines: Lines) -> Chunk:
        """Judge the lines of a block; rejects are placed by line and byte of the block."""
        try:
            return super().read(lines)
        except _OutOfStepError:
            return bulk.read(lines.bytes, self._fields, self._vocabulary)

    def _matched(self, scanned: Scanned, text: NDArray[np.uint8]) -> Chunk:
        return replace(super()._matched(scanned, text), source_lines=2 * len(scanned.rows))

    def _with_unmatched(self, matched: Chunk, scanned: Scanned, pieces: Sequence[bytes]) -> Chunk:
        pairs = bulk.Pairs(self._fields)
        before: list[int] = []
        lines = 0
        for (start, _, line), piece in zip(scanned.runs.tolist(), pieces, strict=True):
            if pairs.waits:
                raise _OutOfStepError
            matched_before = line - lines
            pairs.take(piece, 2 * matched_before + lines, start)
            before += [matched_before] * (len(pairs) - len(before))
            lines += piece.count(b"\n") + (not piece.endswith(b"\n"))
        if pairs.waits and matched_before < len(matched):
            raise _OutOfStepError
        pairs.end()
        others, numbers = pairs.judged(self._vocabulary)
        chunk = matched.with_inserted(others, np.array(before, np.int64)[numbers - 1])
        return replace(chunk, source_lines=2 * len(matched) + lines)


class _OutOfStepError(Exception):
    """What matched may not be a pair."""


def shape_reader(
    shape: str, first: Lines, known: KnownShapes, fields: Fields, vocabulary: Vocabulary
) -> ShapeReader:
    """The reader for a file of this shape, of which one block is given to learn from."""
    if shape == "bulk":
        return PairReader(first, known, "bulk", fields, vocabulary)
    return ShapeReader(first, known, "source" if shape == "source" else "hits", fields, vocabulary)


def _head(lines: Lines) -> bytes:
    """The whole lines at the beginning of a block."""
    head = bytes(memoryview(lines.buffer)[lines.start : lines.stop][:_SAMPLE_BYTES])
    return head[: head.rfind(b"\n") + 1]


def _beginning(pieces: Sequence[bytes], size: int) -> bytes:
    """The first pieces of some text: as many as hold so many bytes, the last one cut."""
    taken = b""
    for piece in pieces:
        taken += piece[: size - len(taken)]
        if len(taken) >= size:
            break
    return taken


def _strings(text: NDArray[np.uint8], starts: Words, lengths: Words) -> pa.Array:
    """The strings that stand at these places, as Arrow strings."""
    import pyarrow as pa  # noqa: PLC0415 - reading begins without

    sizes = lengths.astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    places = np.arange(offsets[-1]) + np.repeat(starts.astype(np.int64) - offsets[:-1], sizes)
    data = pa.py_buffer(text[places])
    return pa.StringArray.from_buffers(len(starts), pa.py_buffer(offsets.astype(np.int32)), data)
