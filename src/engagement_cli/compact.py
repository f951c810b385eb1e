"""Sums of many days in little memory: what a state keeps of a month, and merges a day into.

They are sums per contract and app like a ``Partial``, and know besides of which days each is, so
that when a contract was active can be told without reading the days again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engagement_cli import kernel
from engagement_cli.aggregate import Partial, app_of, codes_in, lines_of
from engagement_cli.contracts import LONG, Contracts
from engagement_cli.kernel import compact
from engagement_cli.kernel.compact import Columns, Side
from engagement_cli.kernel.layout import (
    DAY_BITS,
    ENTRY_APP_SHIFT,
    ENTRY_APPS,
    ENTRY_LINES,
    ENTRY_LINES_SHIFT,
    ENTRY_SECONDS,
    Row,
    rows_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from engagement_cli.kernel.layout import Words


_SPARE_ENTRIES = 100_000
"""So many entries more than groups are nothing to speak of."""


class DayBits(NamedTuple):
    """Some days of n contracts.

    Attributes:
        first: The day of the lowest bit.
        bits: uint64, shape (n,).
    """

    first: date
    bits: Words


class NotCompactError(Exception):
    """Sums have no place in a compact one."""


@dataclass(frozen=True, slots=True, eq=False)
class CompactSum:
    """Seconds, lines and days of each contract and app that has a line.

    Attributes:
        columns: The sums of n contracts in g entries, in order of the packed contracts, so that
            the long ones stand behind all others.
        apps: The name of each code, in order.
        long: The contracts that are too long to be packed, in order.
        first: The day of the lowest bit; None where days are not known.
    """

    columns: Columns
    apps: tuple[str, ...] = ()
    long: tuple[str, ...] = ()
    first: date | None = None

    def __len__(self) -> int:
        return len(self.columns.entries)

    @classmethod
    def empty(cls) -> CompactSum:
        """The sum of nothing."""
        return cls(Columns.room(0, 0, np.dtype(np.uint8)))

    @classmethod
    def of(cls, partial: Partial, day: date | None = None) -> CompactSum:
        """A partial, all of one day if that is known.

        Raises:
            NotCompactError: It has thousands of apps, or groups that sum up to thousands of years.
        """
        partial = partial.canonical()
        rows, bit = partial.rows, 0 if day is None else 1
        if partial.long:
            is_long = rows[:, Row.HI] == LONG
            rows = np.concatenate([rows[~is_long], rows[is_long]])
            tail = rows[len(rows) - int(is_long.sum()) :]
            tail[:] = tail[np.lexsort((app_of(tail), tail[:, Row.LO]))]
        several = _several(rows)
        _require_few(partial.apps)
        if several > (max(len(rows), _SPARE_ENTRIES) if kernel.available() else 0):
            raise NotCompactError
        if kernel.available():
            columns = compact.compacted(rows, len(rows) + several, bit)
        else:
            columns = _compacted(rows, bit)
        return cls(columns, partial.apps, partial.long, day)

    @property
    def contracts(self) -> Contracts:
        """The n contracts, each once."""
        return Contracts(self.columns.hi, self.columns.lo, self.long)

    def merged(self, other: CompactSum) -> CompactSum:
        """The sum of both; without machine code it knows no days.

        Raises:
            NotCompactError: As ``of``.
        """
        if not len(self):
            return other
        if not len(other):
            return self
        if not kernel.available():
            return CompactSum.of(self.partial() + other.partial())
        apps = tuple(sorted({*self.apps, *other.apps}))
        long = tuple(sorted({*self.long, *other.long}))
        _require_few(apps)
        first, bits = _days_of(self, other)
        left, right = (each.side(apps, long, first) for each in (self, other))
        columns = compact.merged(left, right, np.min_scalar_type((1 << bits) - 1))
        return CompactSum(columns, apps, long, first)

    def partial(self) -> Partial:
        """The same sums as a partial."""
        hi, lo, ends, entries, _ = self.columns
        last = ends.astype(np.int64)
        app = entries >> np.uint64(ENTRY_APP_SHIFT)
        continues = app[1:] == app[:-1]
        continues[last[:-1] - 1] = False
        counts = np.diff(last, prepend=0)
        lines = entries >> np.uint64(ENTRY_LINES_SHIFT) & np.uint64(ENTRY_LINES)
        rows = rows_of(
            np.repeat(hi, counts), np.repeat(lo, counts), app, entries & np.uint64(ENTRY_SECONDS),
            lines,
        )  # fmt: skip
        partial = Partial(rows, self.apps, self.long)
        return Partial.sum([partial]) if self.long or continues.any() else partial

    def side(self, apps: tuple[str, ...], long: tuple[str, ...], first: date | None) -> Side:
        """This as a part of a sum that has these apps, long contracts and first day."""
        columns = self.columns
        if self.long != long:
            places = {name: place for place, name in enumerate(long)}
            lo = self.contracts.numbered(places.__getitem__).lo
            columns = columns._replace(lo=lo)
        later = 0 if first is None or self.first is None else (self.first - first).days
        return Side(columns, codes_in(self.apps, apps), later)


class Merger:
    """Adds compact sums up: small ones first, so that the large ones are seldom copied.

    Attributes:
        has_grown: Whether any was added.
    """

    def __init__(self, first: CompactSum, *, has_grown: bool = False) -> None:
        """Begin with a sum, to which some may be added already."""
        self._sums = [first]
        self.has_grown = has_grown

    def add(self, each: CompactSum) -> None:
        """Add one more.

        Raises:
            NotCompactError: As ``CompactSum.of``.
        """
        self.has_grown = True
        self._sums.append(each)
        while len(self._sums) > 1 and len(self._sums[-2]) <= 2 * len(self._sums[-1]):
            self._merge_last()

    def total(self) -> CompactSum:
        """The sum of all.

        Raises:
            NotCompactError: As ``CompactSum.of``.
        """
        while len(self._sums) > 1:
            self._merge_last()
        return self._sums[0]

    def _merge_last(self) -> None:
        last, one = self._sums.pop(), self._sums.pop()
        self._sums.append(one.merged(last))


def _several(rows: Words) -> int:
    """How many entries more than one each the groups take, at most."""
    lines, seconds = lines_of(rows), rows[:, Row.SECONDS]
    if lines.max(initial=0) <= ENTRY_LINES and seconds.max(initial=0) <= ENTRY_SECONDS:
        return 0
    return int((lines // ENTRY_LINES).sum() + (seconds // ENTRY_SECONDS).sum())


def _compacted(rows: Words, days: int) -> Columns:
    """What ``compact.compacted`` gives of groups that take an entry each, without machine code."""
    contracts = Contracts(rows[:, Row.HI], rows[:, Row.LO])
    starts = contracts.starts()
    ends = np.flatnonzero(np.append(starts[1:], True)[: len(rows)]).astype(np.uint64) + np.uint64(1)
    entries = app_of(rows) << ENTRY_APP_SHIFT | lines_of(rows) << ENTRY_LINES_SHIFT
    return Columns(
        contracts.hi[starts],
        contracts.lo[starts],
        ends,
        entries.view(np.uint64) | rows[:, Row.SECONDS],
        np.full(len(rows), days, np.uint8),
    )


def _days_of(*sums: CompactSum) -> tuple[date | None, int]:
    """The first day of all, and how many bits the days from there on take.

    There is none, and no bits, where one knows no days or a word has too few bits for them.
    """
    first = min((each.first for each in sums if each.first is not None), default=None)
    most = 0
    for each in sums:
        if first is None or each.first is None:
            return None, 0
        bits = int(np.bitwise_or.reduce(each.columns.days)).bit_length()
        most = max(most, (each.first - first).days + bits)
    return (first, most) if most <= DAY_BITS else (None, 0)


def _require_few(apps: Sequence[str]) -> None:
    if len(apps) > ENTRY_APPS:
        raise NotCompactError
