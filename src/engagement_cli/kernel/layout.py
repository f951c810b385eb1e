"""What stands where in the arrays that Python and the compiled loops share.

Every array is of ``uint64`` words, so that one address and one index describe it on both sides.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Words = NDArray[np.uint64]

PACKED_BYTES = 16
"""The longest contract, app or Mac that the loops take: two words."""
PADDING = 64
"""Bytes behind the text that the loops may read, and of which they use nothing."""

TAG_SHIFT = 40
"""A tag is ``app << 40 | lines``: the app and the count of lines in one word, never 0."""
LINES_MASK = (1 << TAG_SHIFT) - 1
MAX_APPS = 1 << (64 - TAG_SHIFT)
"""Apps that a tag can tell apart."""

DIGIT_BITS = 12
"""Bits of a contract by which rows are dealt when they are put in order."""

OVERFLOW = 2**64 - 1
"""Returned by a loop when a sum does not fit its word."""
REFUSED = 2**64 - 1
"""Returned by a loop that leaves rows to slower ways."""


class Row(IntEnum):
    """A line, or a group of lines, of one contract and app."""

    HI = 0
    """The first 8 bytes of the contract, big-endian, zero padded."""
    LO = 1
    """The next 8 bytes."""
    TAG = 2
    SECONDS = 3


class Table(IntEnum):
    """A compact table: the addresses of its columns, how wide they are, and what stands in them.

    A contract has one place in ``HI``, ``LO`` and ``COUNTS``; its entries, ordered by app, stand in
    ``ENTRIES`` and ``DAYS`` behind those of the contract before. Words stand in ``HI``, numbers of
    1 to 8 bytes, the lowest byte first, in the others, ``NUMBER_PADDING`` bytes behind which may be
    read and written.
    """

    HI = 0
    LO = 1
    """The first bytes of the second word of a contract, as one number; the others are 0."""
    COUNTS = 2
    """How many entries a contract has."""
    ENTRIES = 3
    """Sums of one app: ``app << APP_SHIFT | lines << LINES_SHIFT | seconds``. Sums that do not fit
    take several."""
    DAYS = 4
    """The days that were summed, one bit each."""
    LO_BYTES = 5
    COUNTS_BYTES = 6
    ENTRY_BYTES = 7
    DAYS_BYTES = 8
    LINES_SHIFT = 9
    APP_SHIFT = 10
    CONTRACTS = 11
    GROUPS = 12
    """How many entries there are."""
    MOST_ENTRIES = 13
    """The most that one contract has."""
    ALL_DAYS = 14
    """The days of all entries."""


class Size(IntEnum):
    """What must be known of rows to make a table of them."""

    CONTRACTS = 0
    MOST_ENTRIES = 1
    """The most entries of one contract."""
    ENTRIES = 2
    LO_BITS = 3
    """Every bit that is set in the second word of any contract."""


NUMBER_PADDING = 8
ENTRY_APPS = 1 << 12
"""Apps that entries can tell apart."""


class Bits(NamedTuple):
    """How many bits of an entry the seconds and the lines take; the app takes the others."""

    seconds: int
    lines: int

    @property
    def most_seconds(self) -> int:
        """The most seconds of one entry."""
        return (1 << self.seconds) - 1

    @property
    def most_lines(self) -> int:
        """The most lines of one entry."""
        return (1 << self.lines) - 1


NARROW = Bits(22, 10)
"""Seven weeks; what few groups have more takes several entries."""
WIDE = Bits(34, 18)
DAY_BITS = 64


class FieldKind(IntEnum):
    """What a column of CSV holds."""

    TEXT = 0
    INTEGER = 1
    DECIMAL = 2
    """Floats that have four decimals at most."""


class Extra(IntEnum):
    """What else a line tells when asked: the packed Mac, and where its ``_id`` stands."""

    MAC_HI = 0
    MAC_LO = 1
    ID_START = 2
    ID_LENGTH = 3


class Run(IntEnum):
    """Consecutive lines that no shape matched: ``text[START:STOP]``, newlines included."""

    START = 0
    STOP = 1
    LINE = 2
    """Lines before it in the block."""


class Step(IntEnum):
    """A step through a shape: up to 32 literal bytes, then a field or nothing."""

    LITERAL = 0
    """The literal takes four words, zero padded."""
    MASK = 4
    """One bit for each byte of it that counts."""
    LENGTH = 5
    KIND = 6


STEP_WORDS = 8
"""The last one is not used: a step is one cache line."""


class App(IntEnum):
    """A slot of the table of known apps, open addressing; empty when its tag is 0."""

    HI = 0
    LO = 1
    TAG = 2
    """Tag of one line of this app."""


class Scan(IntEnum):
    """How far a scan has come; it can stop at a line and go on there."""

    POSITION = 0
    ROWS = 1
    LINES = 2
    OVER_DAY = 3
    RUNS = 4
    SHAPE = 5
    """The shape that matched last, the first to try."""
    NAMELESS = 6
    """Tag of a line without an app."""
    APP_START = 7
    APP_LENGTH = 8
    """Where the unknown app stands for which the scan stopped; length 0 when there is none."""
    APPS_FULL = 9
    """Not 0: lines of unknown apps count as unmatched."""


class Place(IntEnum):
    """Where an object begins in its document."""

    LINE = 0
    BYTE = 1


class Cut(IntEnum):
    """How far the cutting of an array has come: behind the last object that was written down."""

    POSITION = 0
    LINE = 1
    WRITTEN = 2
    """Bytes written."""


def rows_of(
    hi: Words,
    lo: Words,
    app: NDArray[np.integer],
    seconds: NDArray[np.integer],
    lines: NDArray[np.integer] | int = 1,
) -> Words:
    """Return columns as rows, shape (n, 4). App codes are below 2^24, lines 1 to 2^40 - 1."""
    rows = np.empty((len(hi), len(Row)), np.uint64)
    rows[:, Row.HI], rows[:, Row.LO], rows[:, Row.SECONDS] = hi, lo, seconds
    rows[:, Row.TAG] = app.astype(np.uint64) << np.uint64(TAG_SHIFT)
    rows[:, Row.TAG] |= np.asarray(lines, np.uint64)
    return rows
