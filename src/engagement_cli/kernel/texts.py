"""Texts of up to 16 bytes to pairs of words and back, a million in some milliseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engagement_cli.kernel.layout import PACKED_BYTES, PADDING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engagement_cli.kernel.layout import Words


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
    longer = native.load()["pack_texts"](offsets, readable, count, hi, lo)
    return hi, lo, longer


def unpacked(hi: Words, lo: Words) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """What ``packed`` packed: offsets (int64, shape (n + 1,)) and bytes."""
    from engagement_cli.kernel import native  # noqa: PLC0415 # loads machine code

    offsets = np.empty(len(hi) + 1, np.int64)
    data = np.empty((len(hi) + 1) * PACKED_BYTES, np.uint8)
    size = native.load()["unpack_texts"](hi, lo, len(hi), offsets, data)
    return offsets, data[:size]
