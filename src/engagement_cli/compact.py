"""Sums of many days in little memory: what a state keeps of a month, and adds a day to.

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
from engagement_cli.kernel.compact import Columns, Form, Side
from engagement_cli.kernel.layout import (
    DAY_BITS,
    ENTRY_APPS,
    WIDE,
    Row,
    rows_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from engagement_cli.kernel.layout import Words


_LARGE = 500_000
"""A sum of so many groups is not copied for the sake of a small one."""
_SMALL = 2
"""A sum that is so many times smaller than another is small beside it."""


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
        return cls(compact.nothing())

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
        _require_few(partial.apps)
        if kernel.available():
            columns = compact.compacted(rows, len(partial.apps), bit)
        else:
            columns = _compacted(rows, bit)
        if columns is None:
            raise NotCompactError
        return cls(columns, partial.apps, partial.long, day)

    @property
    def contracts(self) -> Contracts:
        """The n contracts, each once."""
        return Contracts(*self.columns.contracts(), self.long)

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
        terms = _terms(self, other)
        left, right = (each.side(terms) for each in (self, other))
        columns = compact.merged(left, right, len(terms.apps), terms.days)
        return CompactSum(columns, terms.apps, terms.long, terms.first)

    def partial(self) -> Partial:
        """The same sums as a partial."""
        hi, lo = self.columns.contracts()
        counts = compact.words_of(self.columns.counts).view(np.int64)
        app, lines, seconds = self.columns.split()
        continues = app[1:] == app[:-1]
        continues[np.cumsum(counts)[:-1] - 1] = False
        rows = rows_of(np.repeat(hi, counts), np.repeat(lo, counts), app, seconds, lines)
        partial = Partial(rows, self.apps, self.long)
        return Partial.sum([partial]) if self.long or continues.any() else partial

    def side(self, terms: Terms) -> Side:
        """This as a part of a sum in such terms."""
        columns = self.columns
        if self.long != terms.long:
            places = {name: place for place, name in enumerate(terms.long)}
            lo = self.contracts.numbered(places.__getitem__).lo
            columns = columns._replace(lo=compact.numbers(lo, lo.itemsize))
        later = 0 if terms.first is None or self.first is None else (self.first - terms.first).days
        return Side(columns, codes_in(self.apps, terms.apps), later)

    def sides(self) -> tuple[Side, Side]:
        """Two tables that are this sum if they are added up."""
        terms = _terms(self)
        return self.side(terms), CompactSum.empty().side(terms)


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """The sum of a large compact sum and a small one, which are not copied into one.

    Attributes:
        base: The large one.
        top: The small one.
        terms: What both together have.
    """

    base: CompactSum
    top: CompactSum
    terms: Terms

    @classmethod
    def of(cls, base: CompactSum, top: CompactSum) -> Joint:
        """The sum of both.

        Raises:
            NotCompactError: As ``CompactSum.of``.
        """
        return cls(base, top, _terms(base, top))

    @property
    def apps(self) -> tuple[str, ...]:
        """As ``CompactSum`` has them; so are the others."""
        return self.terms.apps

    @property
    def long(self) -> tuple[str, ...]:
        """The contracts that are too long to be packed, in order."""
        return self.terms.long

    @property
    def first(self) -> date | None:
        """The day of the lowest bit; None where days are not known."""
        return self.terms.first

    def partial(self) -> Partial:
        """The same sums as a partial."""
        return self.base.merged(self.top).partial()

    def sides(self) -> tuple[Side, Side]:
        """Two tables that are this sum if they are added up."""
        return self.base.side(self.terms), self.top.side(self.terms)


Compact = CompactSum | Joint
Total = Partial | Compact
"""Sums per contract and app, in any form."""


class Terms(NamedTuple):
    """What a sum of compact sums has of each of them: apps, long contracts, days.

    Attributes:
        apps: As ``CompactSum`` has them.
        long: Likewise.
        first: Likewise.
        days: How many days there are from the first one on; none where they are not known.
    """

    apps: tuple[str, ...]
    long: tuple[str, ...]
    first: date | None
    days: int


class Merger:
    """Adds compact sums up: small ones first, so that the large ones are seldom copied.

    Attributes:
        is_new: Whether it was not there before: any was added, or some became one.
    """

    def __init__(self, base: CompactSum, *others: CompactSum) -> None:
        """Begin with some; to the first one small ones are joined, and not copied into it."""
        self._base, self._sums = base, list(others)
        self._total: Compact | None = None
        self.is_new = False

    def add(self, each: CompactSum) -> None:
        """Add one more.

        Raises:
            NotCompactError: As ``CompactSum.of``.
        """
        self.is_new, self._total = True, None
        self._sums.append(each)
        while len(self._sums) > 1 and len(self._sums[-2]) <= _SMALL * len(self._sums[-1]):
            self._merge_last()

    def total(self) -> Compact:
        """The sum of all, the same object each time until one more is added.

        Raises:
            NotCompactError: As ``CompactSum.of``.
        """
        while len(self._sums) > 1:
            self._merge_last()
        if self._total is None:
            self._total = _joined(self._base, *self._sums)
        if isinstance(self._total, CompactSum) and self._total is not self._base:
            self.is_new = True
            self._base, self._sums = CompactSum.empty(), [self._total]
        return self._total

    def _merge_last(self) -> None:
        self.is_new = True
        last, one = self._sums.pop(), self._sums.pop()
        self._sums.append(one.merged(last))


def _joined(base: CompactSum, top: CompactSum | None = None) -> Compact:
    """The sum of two: of a large and a small one without copying any."""
    if top is None or not len(top):
        return base
    if len(base) >= max(_LARGE, _SMALL * len(top)) and kernel.available():
        return Joint.of(base, top)
    return base.merged(top)


def _compacted(rows: Words, days: int) -> Columns | None:
    """What ``compact.compacted`` does, without machine code: each group takes an entry."""
    lines, seconds = lines_of(rows), rows[:, Row.SECONDS]
    if lines.max(initial=0) > WIDE.most_lines or seconds.max(initial=0) > WIDE.most_seconds:
        return None
    contracts = Contracts(rows[:, Row.HI], rows[:, Row.LO])
    starts = contracts.starts()
    counts = np.diff(np.flatnonzero(starts), append=len(rows)).astype(np.uint64)
    entries = (app_of(rows) << WIDE.lines | lines) << WIDE.seconds
    return Columns(
        contracts.hi[starts],
        compact.numbers(contracts.lo[starts], 8),
        compact.numbers(counts, 8),
        compact.numbers(entries.view(np.uint64) | seconds, 8),
        np.full((len(rows), 1), days, np.uint8),
        Form(WIDE, int(counts.max(initial=0)), days),
    )


def _terms(*sums: CompactSum) -> Terms:
    """In what terms compact sums are added up.

    Raises:
        NotCompactError: They have too many apps.
    """
    apps = tuple(sorted({app for each in sums for app in each.apps}))
    long = tuple(sorted({name for each in sums for name in each.long}))
    _require_few(apps)
    return Terms(apps, long, *_days_of(*sums))


def _days_of(*sums: CompactSum) -> tuple[date | None, int]:
    """The first day of all, and how many bits the days from there on take.

    There is none, and no bits, where one knows no days or a word has too few bits for them.
    """
    first = min((each.first for each in sums if each.first is not None), default=None)
    most = 0
    for each in sums:
        if first is None or each.first is None:
            return None, 0
        most = max(most, (each.first - first).days + each.columns.form.days.bit_length())
    return (first, most) if most <= DAY_BITS else (None, 0)


def _require_few(apps: Sequence[str]) -> None:
    if len(apps) > ENTRY_APPS:
        raise NotCompactError
