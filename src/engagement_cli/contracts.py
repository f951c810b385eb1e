"""Contracts as pairs of integers: exact, ordered by code point, cheap to sort and to group.

A contract of up to 16 bytes of UTF-8 is written, zero padded, into two big-endian uint64. That is
exact because a contract never holds NUL, and comparing the pairs compares the bytes, which for
UTF-8 is code-point order. A longer contract stands in a list on the side: its ``hi`` is ``LONG``,
which no UTF-8 begins with, and its ``lo`` is its index in that list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engagement_cli import kernel
from engagement_cli.kernel import texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pyarrow as pa
    from numpy.typing import NDArray

    Words = NDArray[np.uint64]
    Indices = NDArray[np.int64]

PACKED_BYTES = 16
LONG = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
_PAYS_FROM_ROWS = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Contracts:
    """A column of contracts.

    Attributes:
        hi: uint64, shape (n,): the first 8 bytes of each contract, big-endian, or ``LONG``.
        lo: uint64, shape (n,): the next 8 bytes, or the index in ``long``.
        long: The distinct contracts of more than 16 bytes that ``lo`` points into.
    """

    hi: Words
    lo: Words
    long: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.hi)

    @classmethod
    def pack(cls, values: Sequence[str] | pa.Array) -> Contracts:
        """Pack strings, of Python or an unsliced Arrow array of large_string.

        One that holds NUL stands in the list of the long ones.
        """
        offsets, data = _utf8(values) if isinstance(values, Sequence) else _buffers(values)
        if _is_quick(len(values)) and data.all():
            hi, lo, longer = texts.packed(offsets, data)
            if not longer:
                return cls(hi, lo)
        lengths = np.diff(offsets)
        fits = lengths <= PACKED_BYTES
        if not data.all():
            fits &= np.array(["\0" not in value for value in values])
        packed = np.zeros((len(values), PACKED_BYTES), np.uint8)
        short = np.where(fits, lengths, 0)
        packed[np.arange(PACKED_BYTES) < short[:, None]] = (
            data if fits.all() else data[np.repeat(fits, lengths)]
        )
        words = packed.view(">u8").astype(np.uint64)
        hi, lo = words[:, 0].copy(), words[:, 1].copy()
        index: dict[str, int] = {}
        for row in np.flatnonzero(~fits).tolist():
            hi[row] = LONG
            lo[row] = index.setdefault(str(values[row]), len(index))
        return cls(hi, lo, tuple(index))

    def strings(self) -> pa.Array:
        """The contracts as an Arrow array of large_string."""
        import pyarrow as pa  # noqa: PLC0415 - reading begins without

        if _is_quick(len(self)) and not self.long:
            return _array(*texts.unpacked(self.hi, self.lo))
        is_long = self.hi == LONG
        packed = np.empty((len(self), 2), ">u8")
        packed[:, 0], packed[:, 1] = self.hi, self.lo
        packed[is_long] = 0
        matrix = packed.view(np.uint8).reshape(len(self), PACKED_BYTES)
        filled = matrix != 0
        offsets = np.zeros(len(self) + 1, np.int64)
        np.cumsum(filled.sum(axis=1), out=offsets[1:])
        short = _array(offsets, matrix[filled])
        if not self.long:
            return short
        import pyarrow.compute as pc  # noqa: PLC0415 - hardly ever

        choices = pa.array(self.long, pa.large_string())
        at = pa.array(np.where(is_long, self.lo, 0).astype(np.int64), mask=~is_long)
        return pc.coalesce(choices.take(at), short)

    def take(self, rows: NDArray[Any] | slice) -> Contracts:
        """The contracts at these rows (indices, a mask or a slice); ``long`` stays whole."""
        return Contracts(self.hi[rows], self.lo[rows], self.long)

    def numbered(self, code: Callable[[str], int]) -> Contracts:
        """The same contracts with the long ones numbered otherwise, their list left out."""
        is_long = self.hi == LONG
        if not is_long.any():
            return self
        lo = self.lo.copy()
        codes = np.array([code(value) for value in self.long], np.uint64)
        lo[is_long] = codes[lo[is_long].astype(np.int64)]
        return Contracts(self.hi, lo)

    def compact(self) -> Contracts:
        """The same contracts with no long one listed that does not occur, the others in order."""
        if not self.long:
            return self
        used = np.unique(self.lo[self.hi == LONG].astype(np.int64)).tolist()
        long = sorted(self.long[at] for at in used)
        place = {value: at for at, value in enumerate(long)}
        return Contracts(*_words(self.numbered(lambda value: place.get(value, 0))), tuple(long))

    def order(self, *minor: NDArray[Any]) -> Indices:
        """Row numbers in code-point order of the contracts, then by ``minor``, first key first."""
        return np.lexsort([*reversed([*self.keys(), *minor])])

    def keys(self) -> list[NDArray[Any]]:
        """Columns that compare, the first one first, as the contracts do by code point.

        A long contract stands behind the short one that equals its first 16 bytes.
        """
        if not self.long:
            return [self.hi, self.lo]
        is_long = self.hi == LONG
        rank_of = {value: rank for rank, value in enumerate(sorted(self.long), start=1)}
        ranks = np.array([rank_of[value] for value in self.long])
        heads = (value.encode()[:PACKED_BYTES].ljust(PACKED_BYTES, b"\0") for value in self.long)
        words = np.frombuffer(b"".join(heads), ">u8").reshape(-1, 2)
        at = self.lo[is_long].astype(np.int64)
        hi, lo, rank = self.hi.copy(), self.lo.copy(), np.zeros(len(self), np.int64)
        hi[is_long], lo[is_long], rank[is_long] = words[at, 0], words[at, 1], ranks[at]
        return [hi, lo, rank]

    def places_of(self, others: Contracts) -> Indices:
        """At which row each of ``others`` stands, -1 where it does not; no row equals another.

        Looked up by one number a contract, made of the ranks of its two words.
        """
        if not len(self):
            return np.full(len(others), -1)
        index: dict[str, int] = {}
        here, there = (
            column.numbered(lambda value: index.setdefault(value, len(index)))
            for column in (self, others)
        )
        highs, lows = _distinct(here.hi), _distinct(here.lo)
        keys = np.searchsorted(highs, here.hi) * len(lows) + np.searchsorted(lows, here.lo)
        rows = np.argsort(keys, kind="stable")
        high = np.minimum(np.searchsorted(highs, there.hi), len(highs) - 1)
        low = np.minimum(np.searchsorted(lows, there.lo), len(lows) - 1)
        wanted = high * len(lows) + low
        at = np.minimum(np.searchsorted(keys[rows], wanted), len(rows) - 1)
        found = rows[at]
        is_there = (here.hi[found] == there.hi) & (here.lo[found] == there.lo)
        return np.where(is_there, found, -1)

    def starts(self) -> NDArray[np.bool_]:
        """Of sorted contracts: whether each row begins a new contract; shape (n,), bool."""
        first = np.ones(len(self), np.bool_)
        first[1:] = (self.hi[1:] != self.hi[:-1]) | (self.lo[1:] != self.lo[:-1])
        return first

    def begin_with(self, characters: str) -> NDArray[np.bool_]:
        """Whether each contract begins with one of these, all ASCII; shape (n,), bool."""
        first = (self.hi >> np.uint64(56)).astype(np.uint8)
        found = np.isin(first, np.frombuffer(characters.encode(), np.uint8))
        for row in np.flatnonzero(self.hi == LONG) if self.long else ():
            found[row] = self.long[int(self.lo[row])].startswith(tuple(characters))
        return found

    def equal_to(self, values: Iterable[str]) -> NDArray[np.bool_]:
        """Whether each contract is one of ``values``; shape (n,), bool."""
        found = np.zeros(len(self), np.bool_)
        wanted = sorted(set(values))
        for value, hi, lo in zip(wanted, *_words(Contracts.pack(wanted)), strict=True):
            if len(value.encode()) <= PACKED_BYTES:
                found |= (self.hi == hi) & (self.lo == lo)
            elif value in self.long:
                found |= (self.hi == LONG) & (self.lo == self.long.index(value))
        return found


def _is_quick(rows: int) -> bool:
    """Whether there are so many rows that loading machine code pays."""
    return rows >= _PAYS_FROM_ROWS and kernel.available()


def _array(offsets: Indices, data: NDArray[np.uint8]) -> pa.Array:
    """Texts one behind the other as an array of large_string."""
    import pyarrow as pa  # noqa: PLC0415 - reading begins without

    buffers = pa.py_buffer(offsets), pa.py_buffer(data)
    return pa.LargeStringArray.from_buffers(len(offsets) - 1, *buffers)


def _distinct(words: Words) -> Words:
    """The different words, in order."""
    ordered = np.sort(words)
    first = np.ones(len(ordered), np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def _words(column: Contracts) -> tuple[Words, Words]:
    return column.hi, column.lo


def _utf8(values: Sequence[str]) -> tuple[Indices, NDArray[np.uint8]]:
    """Offsets (n + 1,) and bytes of strings."""
    text = "".join(values)
    pieces = values if text.isascii() else [value.encode() for value in values]
    offsets = np.zeros(len(pieces) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, pieces), np.int64, len(pieces)), out=offsets[1:])
    return offsets, np.frombuffer(text.encode(), np.uint8)


def _buffers(column: pa.Array) -> tuple[Indices, NDArray[np.uint8]]:
    """Offsets (n + 1,) and bytes of an unsliced large_string array."""
    _, offsets, data = column.buffers()
    return (
        np.frombuffer(offsets, np.int64)[: len(column) + 1],
        np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8),
    )
