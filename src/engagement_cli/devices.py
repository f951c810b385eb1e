"""Which devices contracts were watched on: exact sets of pairs, and how they unite."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from engagement_cli import kernel
from engagement_cli.contracts import LONG, Contracts
from engagement_cli.kernel import pairs
from engagement_cli.kernel.pairs import Pairs, Runs
from engagement_cli.vocabulary import Names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

    from engagement_cli.parse.chunk import Chunk

    Words = NDArray[np.uint64]

HASH_BYTES = 12
"""So long are hashes of devices that of a billion no two have one, but by a chance of 10^-11."""
_HEAD = HASH_BYTES - 8
IS_HASH = np.uint64(1 << 8 * _HEAD)
"""The bit of the first word that tells hashes from names."""
_NAMES_AT_ONCE = 100_000
_PENDING_ROWS = 2_000_000
_RUN_ROWS = 1 << 16
"""So many rows are put in order at a time: they stay in the cache."""
_PAYS_FROM_PAIRS = 100_000
"""How many pairs are so many that loading machine code pays."""
_FACTORS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)


@dataclass(frozen=True, slots=True, eq=False)
class Devices:
    """Every pair of a contract and a device that a line names, once: p pairs.

    The pairs are ordered by contract and then by device, so that equal sets are equal arrays.
    ``Devices.empty()`` is the empty value; ``+`` unites, is associative and commutative, and adding
    a set to itself changes nothing.

    Attributes:
        contracts: The contract of each pair.
        macs: Its device, packed like a contract: the name itself, or a keyed hash of it.
    """

    contracts: Contracts
    macs: Contracts

    def __len__(self) -> int:
        return len(self.contracts)

    @property
    def has_long(self) -> bool:
        """Whether a name is too long to be packed."""
        return bool(self.contracts.long or self.macs.long)

    @property
    def pairs(self) -> Pairs:
        """The words of all pairs; in order where no name is too long to be packed."""
        columns = (self.contracts.hi, self.contracts.lo, self.macs.hi, self.macs.lo)
        return Pairs(*map(np.ascontiguousarray, columns))

    def __add__(self, other: Devices) -> Devices:
        return Devices.union([self, other])

    @classmethod
    def empty(cls) -> Devices:
        """The pairs of no lines."""
        return cls.union([])

    @classmethod
    def of(cls, chunk: Chunk) -> Devices:
        """The pairs of one chunk, which was read with ``Mac``."""
        return cls.union([chunk])

    @classmethod
    def union(cls, parts: Iterable[Devices | Chunk]) -> Devices:
        """The union of any number of sets and chunks."""
        united = Union()
        for part in parts:
            united.add(part)
        return united.total()

    def count(self, contracts: Contracts) -> NDArray[np.int64]:
        """How many devices each of these contracts has; int64, shape of ``contracts``."""
        if _pays(len(self)) and not self.contracts.long:
            asked = contracts.numbered(lambda _: 0)
            columns = (self.contracts.hi, self.contracts.lo, asked.hi, asked.lo)
            counts = pairs.counts(*map(np.ascontiguousarray, columns))
            if counts is not None:
                return counts
        first = np.flatnonzero(self.contracts.starts())
        counts = np.diff(np.append(first, len(self)))
        at = self.contracts.take(first).places_of(contracts)
        found: NDArray[np.int64] = np.where(at < 0, 0, np.append(counts, 0)[at])
        return found

    def trimmed(self) -> Devices:
        """The same pairs with white space around contracts taken off."""
        names = [name.strip() for name in self.contracts.strings().to_pylist()]
        united = Union()
        united.add_columns(Contracts.pack(names), self.macs)
        return united.total()

    def hashed(self, key: bytes) -> Devices:
        """The same pairs with a keyed hash in the place of each device's name."""
        order = self.macs.order()
        ordered = self.macs.take(order)
        starts = ordered.starts()
        hashes = b"".join(_hashes(ordered.take(starts).strings(), key))
        numbers = np.empty(len(self), np.int64)
        numbers[order] = np.cumsum(starts) - 1
        macs = packed_hashes(hashes).take(numbers)
        if _pays(len(self)) and not self.contracts.long:
            rows = np.column_stack([self.contracts.hi, self.contracts.lo, macs.hi, macs.lo])
            run = pairs.in_order(rows, by_contract=True)
            return Devices(Contracts(run.hi, run.lo), Contracts(run.mac_hi, run.mac_lo))
        return Devices(self.contracts, macs.take(self.contracts.order(*macs.keys())))

    def distinct(self, rows: NDArray[np.bool_]) -> int:
        """How many different devices the pairs at these rows name."""
        macs = self.macs.take(rows)
        if _pays(len(macs)):
            nothing = np.zeros(len(macs), np.uint64)
            return pairs.in_order(np.column_stack([nothing, nothing, macs.hi, macs.lo])).size
        return int(macs.take(macs.order()).starts().sum())


def packed_hashes(hashes: bytes) -> Contracts:
    """Hashes, one behind another, as words.

    A bit in ``hi`` that no hash fills keeps each from being no device, or that of a long name.
    """
    table = np.frombuffer(hashes, np.uint8).reshape(-1, HASH_BYTES)
    head, tail = (np.ascontiguousarray(part) for part in (table[:, :_HEAD], table[:, _HEAD:]))
    hi = head.view(">u4")[:, 0].astype(np.uint64) | IS_HASH
    return Contracts(hi, tail.view(">u8")[:, 0].astype(np.uint64))


def unpacked_hashes(macs: Contracts) -> bytes:
    """The hashes that ``packed_hashes`` made words of."""
    table = np.empty((len(macs), HASH_BYTES), np.uint8)
    table[:, :_HEAD] = macs.hi.astype(">u4")[:, None].view(np.uint8)
    table[:, _HEAD:] = macs.lo.astype(">u8")[:, None].view(np.uint8)
    return table.tobytes()


def _hashes(names: pa.Array, key: bytes) -> Iterator[bytes]:
    """The hash of each name; the key is worked in once."""
    begun = hashlib.blake2b(key=key, digest_size=HASH_BYTES)
    column = names.cast("large_binary")
    for start in range(0, len(column), _NAMES_AT_ONCE):
        for name in column.slice(start, _NAMES_AT_ONCE).to_pylist():
            one = begun.copy()
            one.update(name)
            yield one.digest()


class Union:
    """Unites chunks and sets; memory follows the pairs and not the lines. Any thread may add.

    Where there are many pairs, machine code puts them in order a few at a time and merges such
    runs. It takes no pairs with names that are too long to be packed.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._contracts, self._macs = Names(), Names()
        self._parts: list[Words] = [np.empty((0, 4), np.uint64)]
        self._rows = 0
        self._runs = Runs()

    def add(self, part: Devices | Chunk) -> None:
        """Add the pairs of a set, or of a chunk's lines that name a device."""
        assert part.macs is not None
        if isinstance(part, Devices) and not part.has_long and _pays(len(part)):
            self._runs.add(part.pairs)
        else:
            self.add_columns(part.contracts, part.macs)

    def add_columns(self, contracts: Contracts, macs: Contracts) -> None:
        """Add pairs in any order, those that name no device left out."""
        contracts = contracts.numbered(self._contracts.code)
        macs = macs.numbered(self._macs.code)
        rows = np.column_stack([contracts.hi, contracts.lo, macs.hi, macs.lo])
        rows = rows[(macs.hi != 0) | (macs.lo != 0)]
        with self._lock:
            self._parts.append(rows)
            self._rows += len(rows)
            if self._rows < _RUN_ROWS:
                return
            if not kernel.available("devices"):
                if self._rows > max(_PENDING_ROWS, len(self._parts[0])):
                    self._parts, self._rows = [_thinned(np.concatenate(self._parts))], 0
                return
            rows = self._taken()
        self._add_run(rows)

    def total(self) -> Devices:
        """The union of all that was added. Nobody may be adding meanwhile."""
        if self._runs:
            self._add_run(self._taken())
        run = self._runs.total()
        if len(self._parts) == 1 and not len(self._parts[0]):
            return Devices(Contracts(run.hi, run.lo), Contracts(run.mac_hi, run.mac_lo))
        rows = np.concatenate([_thinned(np.concatenate(self._parts)), np.column_stack(run)])
        contracts = Contracts(rows[:, 0], rows[:, 1], _long(rows[:, 0], self._contracts))
        macs = Contracts(rows[:, 2], rows[:, 3], _long(rows[:, 2], self._macs))
        order = contracts.order(*macs.keys())
        contracts, macs = contracts.take(order), macs.take(order)
        keep = contracts.starts() | macs.starts()
        return Devices(contracts.take(keep).compact(), macs.take(keep).compact())

    def _taken(self) -> Words:
        """What machine code takes of the rows that wait; those that it does not take stay."""
        rows = np.concatenate(self._parts)
        is_long = (rows[:, 0] == LONG) | (rows[:, 2] == LONG)
        self._parts, self._rows = [rows[is_long]], 0
        return rows[~is_long] if is_long.any() else rows

    def _add_run(self, rows: Words) -> None:
        self._runs.add(pairs.in_order(rows))


def _pays(count: int) -> bool:
    return count >= _PAYS_FROM_PAIRS and kernel.available("devices")


def _long(hi: Words, names: Names) -> tuple[str, ...]:
    return names.all() if (hi == LONG).any() else ()


def _thinned(rows: Words) -> Words:
    """The rows with most repeats left out: those that a hash puts side by side."""
    mixed = np.zeros(len(rows), np.uint64)
    for column, factor in enumerate(_FACTORS):
        mixed = (mixed ^ rows[:, column]) * np.uint64(factor)
        mixed ^= mixed >> np.uint64(29)
    rows = rows[np.argsort(mixed)]
    differs = np.ones(len(rows), np.bool_)
    differs[1:] = (rows[1:] != rows[:-1]).any(axis=1)
    return rows[differs]
