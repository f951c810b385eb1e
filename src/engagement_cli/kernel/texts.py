"""Texts to packed words and back, and columns to CSV: a million rows in some milliseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engagement_cli.kernel.layout import PACKED_BYTES, PADDING, REFUSED, FieldKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from engagement_cli.kernel.layout import Words

READ_BEHIND = 7
"""So many bytes may be read behind the last text of a field."""


def packed(offsets: NDArray[np.int64], data: NDArray[np.uint8]) -> tuple[Words, Words, int]:
    """The first and the next 8 bytes of each text, big-endian, zero padded.

    Args:
        offsets: int64, shape (n + 1,): where texts begin, and where the last one ends.
        data: uint8: their bytes, none of them 0.

    Returns:
        Two of uint64, shape (n,), and how many of the texts are longer.
    """
    from engagement_cli.kernel import native  # noqa: PLC0415 # loads machine code

    count = len(offsets) - 1
    hi, lo = np.empty(count, np.uint64), np.empty(count, np.uint64)
    readable = np.concatenate([data, np.zeros(PADDING, np.uint8)])
    longer = native.loop("pack_texts")(offsets, readable, count, hi, lo)
    return hi, lo, longer


def unpacked(hi: Words, lo: Words) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """What ``packed`` packed: offsets (int64, shape (n + 1,)), bytes, ``READ_BEHIND`` more."""
    from engagement_cli.kernel import native  # noqa: PLC0415 # loads machine code

    offsets = np.empty(len(hi) + 1, np.int64)
    data = np.empty((len(hi) + 1) * PACKED_BYTES, np.uint8)
    words = hi.ctypes.data, hi.strides[0], lo.ctypes.data, lo.strides[0]
    size = native.loop("unpack_texts")(*words, len(hi), offsets, data)
    return offsets, data[: size + READ_BEHIND]


class Field(NamedTuple):
    """A column of n texts, or of n numbers.

    Attributes:
        offsets: int64, shape (n + 1,): where each text begins, and where the last one ends; None of
            a column of numbers.
        values: uint8: the bytes of all texts; or int64 or float64, shape (n,): the numbers.
    """

    offsets: NDArray[np.int64] | None
    values: NDArray[np.uint8] | NDArray[np.int64] | NDArray[np.float64]


_MOST_DIGITS = 19


def csv_lines(fields: Sequence[Field], rows: int) -> NDArray[np.uint8] | None:
    """The bytes of rows of CSV.

    None where a text needs quotes, a number is negative or a float has more than four decimals.

    Args:
        fields: The columns; those of texts with ``READ_BEHIND`` bytes behind the last one.
        rows: How many rows they have.
    """
    from engagement_cli.kernel import native  # noqa: PLC0415 # loads machine code

    size = PADDING
    table = np.zeros((len(fields), 3), np.uint64)
    for described, (offsets, values) in zip(table, fields, strict=True):
        if offsets is None:
            kind = FieldKind.DECIMAL if values.dtype.kind == "f" else FieldKind.INTEGER
            described[:] = kind, 0, values.ctypes.data
            whole = kind == FieldKind.INTEGER
            digits = len(str(values[:rows].max(initial=0))) if whole else _MOST_DIGITS
            size += rows * (1 + digits)
        else:
            described[:] = FieldKind.TEXT, offsets.ctypes.data, values.ctypes.data
            size += rows + int(offsets[rows] - offsets[0])
    target = np.empty(size, np.uint8)
    count = native.loop("write_csv")(table, len(fields), rows, target)
    return None if count == REFUSED else target[:count]
