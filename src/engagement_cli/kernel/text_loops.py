# Numba infers the types, and refuses to compile what has none.
# mypy: ignore-errors
"""The loops between texts and what stands for them in sums and in CSV. Numba reads them.

Like :mod:`~engagement_cli.kernel.scan_loops` they know addresses and words only;
:mod:`~engagement_cli.kernel.texts` owns the arrays.
"""

from __future__ import annotations

import numpy as np
from numba import carray, njit

from engagement_cli.kernel import layout
from engagement_cli.kernel.simd import load8, reversed_bytes, store8, trailing_zeros, words_at

U = np.uint64

_ALL = U(2**64 - 1)
_WORD_BYTES, _PACKED_BYTES = U(8), U(layout.PACKED_BYTES)


@njit
def _first_bytes(word, count):
    """The first so many bytes of a big-endian word, zeros behind them."""
    if count >= _WORD_BYTES:
        return word
    return word & ~(_ALL >> (U(8) * count))


@njit
def _length(hi, lo):
    """How many bytes are packed."""
    if lo:
        return _PACKED_BYTES - (trailing_zeros(lo) >> U(3))
    return _WORD_BYTES - (trailing_zeros(hi) >> U(3)) if hi else U(0)


def pack_texts(offsets_at, data_at, count, hi_at, lo_at):
    """Pack texts without NUL, as many bytes as two words take; returns how many are longer."""
    offsets = carray(words_at(offsets_at), count + U(1))
    his, los = carray(words_at(hi_at), count), carray(words_at(lo_at), count)
    longer = U(0)
    for i in range(count):
        at, length = data_at + offsets[i], offsets[i + U(1)] - offsets[i]
        his[i] = _first_bytes(reversed_bytes(load8(at)), length)
        los[i] = U(0)
        if length > _WORD_BYTES:
            los[i] = _first_bytes(reversed_bytes(load8(at + _WORD_BYTES)), length - _WORD_BYTES)
        longer += U(length > _PACKED_BYTES)
    return longer


def unpack_texts(hi_at, lo_at, count, offsets_at, data_at):
    """Write packed texts one behind the other; returns how many bytes they are."""
    his, los = carray(words_at(hi_at), count), carray(words_at(lo_at), count)
    offsets = carray(words_at(offsets_at), count + U(1))
    end = U(0)
    offsets[0] = end
    for i in range(count):
        store8(data_at + end, reversed_bytes(his[i]))
        store8(data_at + end + _WORD_BYTES, reversed_bytes(los[i]))
        end += _length(his[i], los[i])
        offsets[i + U(1)] = end
    return end
