"""The fast reader: lines of a known shape by machine code, all others by the strict reader.

What comes out is what the strict reader would have made of every line, in the same order.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from engagement_cli.contracts import Contracts
from engagement_cli.kernel.layout import Extra, Run
from engagement_cli.kernel.scan import Scanner
from engagement_cli.kernel.shapes import learn
from engagement_cli.parse import strict
from engagement_cli.parse.chunk import Chunk
from engagement_cli.tally import Tally

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engagement_cli.kernel.layout import Words
    from engagement_cli.kernel.scan import Scanned
    from engagement_cli.parse.rules import Fields, Reject
    from engagement_cli.sources.blocks import Lines
    from engagement_cli.vocabulary import Vocabulary

_SAMPLE_BYTES = 32 * 1024


class ShapeReader:
    """Reads the blocks of one source by the shapes of its first lines, in any thread."""

    def __init__(self, first: Lines, *, bare: bool, fields: Fields, vocabulary: Vocabulary) -> None:
        sample = bytes(memoryview(first.buffer)[first.start : first.stop][:_SAMPLE_BYTES])
        self._shapes = learn(sample, "source" if bare else "hits")
        self._bare = bare
        self._fields = fields
        self._vocabulary = vocabulary
        self._mine = threading.local()

    @property
    def knows_shapes(self) -> bool:
        """Whether there is a line that this reader could take."""
        return bool(self._shapes)

    def read(self, lines: Lines) -> Chunk:
        """Judge the lines of a block; rejects are placed by line and byte of the block."""
        text = np.frombuffer(lines.buffer, np.uint8)[lines.start :]
        scanned = self._scanner().scan(text, lines.stop - lines.start)
        matched = self._matched(scanned, text)
        if not len(scanned.runs):
            return matched
        return self._with_unmatched(matched, scanned, text)

    def _scanner(self) -> Scanner:
        if not hasattr(self._mine, "scanner"):
            self._mine.scanner = Scanner(
                self._shapes,
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

    def _with_unmatched(self, matched: Chunk, scanned: Scanned, text: NDArray[np.uint8]) -> Chunk:
        """The matched lines and, each in its place, the valid ones of the others."""
        runs = scanned.runs.astype(np.int64)
        pieces = [text[start:stop].tobytes() for start, stop, _ in runs.tolist()]
        others, numbers = strict.read(
            b"".join(pieces), bare=self._bare, fields=self._fields, vocabulary=self._vocabulary
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


def _strings(text: NDArray[np.uint8], starts: Words, lengths: Words) -> pa.Array:
    """The strings that stand at these places, as Arrow strings."""
    ends = np.cumsum(lengths.astype(np.int64))
    offsets = np.r_[0, ends]
    places = np.arange(offsets[-1]) + np.repeat(starts.astype(np.int64) - offsets[:-1], lengths)
    data = pa.py_buffer(text[places])
    return pa.StringArray.from_buffers(len(starts), pa.py_buffer(offsets.astype(np.int32)), data)
