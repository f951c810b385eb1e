"""From sums per contract and app to one row per contract, by a category table.

The table is applied here and nowhere before, so that sums do not depend on it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np

from engagement_cli import kernel
from engagement_cli.aggregate import Partial, Sum
from engagement_cli.compact import CompactSum, DayBits, NotCompactError
from engagement_cli.contracts import Contracts
from engagement_cli.frames import Rows, integer_array
from engagement_cli.kernel.compact import MAX_PLACES, Pivoted, pivoted
from engagement_cli.kernel.layout import rows_of
from engagement_cli.schema import CONTRACT
from engagement_cli.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    import pandas as pd
    from numpy.typing import NDArray

    from engagement_cli.categories import Category, CategoryTable
    from engagement_cli.compact import Total
    from engagement_cli.kernel.compact import Columns
    from engagement_cli.kernel.layout import Words

_PAYS_FROM_GROUPS = 500_000
"""How many groups are so many that loading machine code pays."""
_NO_SPACE = np.array([ord("!") << 56, (ord("~") + 1) << 56], np.uint64)
"""Between these are the first words of contracts that do not begin with white space, mostly."""

Unmapped = Literal["drop", "keep", "fail"]
UNMAPPED: tuple[Unmapped, ...] = get_args(Unmapped)


@dataclass(frozen=True, slots=True)
class CategoryFigures:
    """What fell in one category: contracts with a line in it, its lines, its seconds."""

    category: Category
    contracts: int
    lines: int
    seconds: int


@dataclass(frozen=True, slots=True)
class UnmappedApp:
    """An app that no category lists, with what fell on it."""

    app: str
    lines: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Pivot:
    """The result, and what became of the lines.

    Attributes:
        rows: One row a contract, ordered by it: Contract (str), then int64 seconds in the columns
            of the table, and in its ``other`` column where unmapped apps are kept.
        accepted: Valid lines of contracts that are somebody.
        filtered: Valid lines of contracts that mean nobody.
        categories: Figures by category, in the order of the table.
        unmapped: The unmapped apps, most lines first.
        contracts: The contracts of ``rows``, packed, where they were at hand.
        active: The days on which each of them watched a mapped app, where the sums know days.
    """

    rows: Rows
    accepted: int
    filtered: int
    categories: tuple[CategoryFigures, ...]
    unmapped: tuple[UnmappedApp, ...]
    contracts: Contracts | None = None
    active: DayBits | None = None

    @property
    def frame(self) -> pd.DataFrame:
        """The rows as a DataFrame."""
        return self.rows.frame


class Mapped:
    """Sums with the category of each of their g groups.

    Attributes:
        apps: The apps of the sums.
        long: The contracts that are too long to be packed.
        place_of_app: int16: for each app of the sums the place of its category in the table, behind
            the last one where it has none.
        places: How many places there are; the last one is that of contracts that mean nobody.
    """

    def __init__(self, total: Total, table: CategoryTable) -> None:
        """Apply a category table."""
        if not isinstance(total, Partial) and not _is_quick(total, table):
            total = total.partial()
        if isinstance(total, Partial) and table.trim:
            total = _trimmed(total)
        self.apps, self.long, self._total, self._table = total.apps, total.long, total, table
        self.place_of_app = np.array([place_of(table, app) for app in total.apps], np.int16)
        self.places = len(table.categories) + 2

    @cached_property
    def partial(self) -> Partial:
        """The sums, one row a group."""
        return self._total if isinstance(self._total, Partial) else self._total.partial()

    @cached_property
    def contracts(self) -> Contracts:
        """The n contracts of the sums, each once, in order."""
        every = self.partial.contracts
        return every.take(every.starts())

    @cached_property
    def nobody(self) -> NDArray[np.bool_]:
        """bool, shape (n,): which of them mean nobody."""
        return nobody(self.contracts, self._table)

    @cached_property
    def row(self) -> NDArray[np.int32]:
        """int32, shape (g,): which contract each group belongs to."""
        starts = self.partial.contracts.starts()
        rows: NDArray[np.int32] = np.cumsum(starts, dtype=np.int32) - np.int32(1)
        return rows

    @cached_property
    def code(self) -> NDArray[np.int16]:
        """int16, shape (g,): the place of each group's category in the table.

        Behind the last one for an unmapped app, and one further for a contract that means nobody.
        """
        code: NDArray[np.int16] = self.place_of_app[self.partial.app]
        code[self.nobody[self.row]] = self.places - 1
        return code

    def having(self, groups: NDArray[np.bool_]) -> Contracts:
        """The contracts that have one of these groups, each once, in order."""
        found = np.zeros(len(self.contracts), np.bool_)
        found[self.row[groups]] = True
        return self.contracts.take(found)

    @property
    def first_day(self) -> date | None:
        """The day of the lowest bit of active days, where the sums know days."""
        return None if isinstance(self._total, Partial) else self._total.first

    def pivoted(self, shown: int, *, with_days: bool = True) -> Pivoted:
        """The groups added up by contract and place, of which the first ones are shown.

        Without days it need not tell when contracts were active.
        """
        total = self._total
        if not isinstance(total, Partial):
            sides = total.sides()
            nobodies = _nobodies([side.table for side in sides], self._table)
            how = self.place_of_app, nobodies, self.places, shown
            return pivoted(sides, *how, with_days=with_days)
        partial, row, code = self.partial, self.row, self.code
        seconds = np.zeros((self.places, len(self.contracts)), np.int64)
        seen = np.zeros(seconds.shape, np.bool_)
        lines = np.zeros(self.places, np.int64)
        by_app = np.zeros((2, len(partial.apps)), np.int64)
        np.add.at(seconds, (code, row), partial.seconds)
        np.add.at(lines, code, partial.lines)
        seen[code, row] = True
        unmapped = code == self.places - 2
        np.add.at(by_app[0], partial.app[unmapped], partial.lines[unmapped])
        np.add.at(by_app[1], partial.app[unmapped], partial.seconds[unmapped])
        kept = np.logical_or.reduce(seen[:shown])
        return Pivoted(
            self.contracts.hi[kept],
            self.contracts.lo[kept],
            [column[kept] for column in seconds[:shown]],
            None,
            seen.sum(axis=1),
            lines,
            seconds.sum(axis=1),
            *by_app,
        )


def mapped(total: Total, table: CategoryTable) -> Mapped:
    """Sums with their categories, in the form that is quick to pivot."""
    if isinstance(total, Partial) and len(total) >= _PAYS_FROM_GROUPS and _is_quick(total, table):
        with suppress(NotCompactError):
            return Mapped(CompactSum.of(total), table)
    return Mapped(total, table)


def tells_days(total: Total, table: CategoryTable) -> bool:
    """Whether the pivot of a sum tells when contracts were active."""
    known = not isinstance(total, Partial) and total.first is not None
    return known and _is_quick(total, table)


def _is_quick(total: Total, table: CategoryTable) -> bool:
    """Whether a sum can be pivoted in compact form."""
    few = len(table.categories) + 2 <= MAX_PLACES
    return few and not (total.long or table.trim) and kernel.available()


class Applied(NamedTuple):
    """What a category table makes of sums: the category of each group, and a row a contract."""

    groups: Mapped
    pivot: Pivot


def applied(
    total: Total,
    table: CategoryTable,
    *,
    keep_unmapped: bool = False,
    with_days: bool = True,
) -> Applied:
    """Apply a category table to sums; without days these tell none."""
    groups = mapped(total, table)
    row_each = pivot_groups(groups, table, keep_unmapped=keep_unmapped, with_days=with_days)
    return Applied(groups, row_each)


def pivot(partial: Partial, table: CategoryTable, *, keep_unmapped: bool = False) -> Pivot:
    """One row a contract, by a category table."""
    return applied(partial, table, keep_unmapped=keep_unmapped).pivot


def pivot_groups(
    groups: Mapped, table: CategoryTable, *, keep_unmapped: bool = False, with_days: bool = True
) -> Pivot:
    """One row a contract, of groups that the same table was applied to."""
    import pyarrow as pa  # noqa: PLC0415 - reading begins without

    columns = [*table.columns, table.other][: len(table.categories) + keep_unmapped]
    sums = groups.pivoted(len(columns), with_days=with_days)
    contracts = Contracts(sums.hi, sums.lo, groups.long)
    rows = pa.table(
        [contracts.strings(), *map(integer_array, sums.seconds)], names=[CONTRACT, *columns]
    )
    figures = zip(sums.place_contracts, sums.place_lines, sums.place_seconds, strict=True)
    first = groups.first_day
    return Pivot(
        Rows(table=rows),
        accepted=int(sums.place_lines[:-1].sum()),
        filtered=int(sums.place_lines[-1]),
        categories=tuple(
            CategoryFigures(category, *map(int, row))
            for category, row in zip(table.categories, figures, strict=False)
        ),
        unmapped=_unmapped(groups, sums),
        contracts=contracts,
        active=None if first is None or sums.active is None else DayBits(first, sums.active),
    )


def nobody(contracts: Contracts, table: CategoryTable) -> NDArray[np.bool_]:
    """Which of these contracts mean nobody by the table; shape (n,), bool."""
    found = contracts.equal_to(table.ignore_contracts)
    before, behind = _NO_SPACE
    suspects = np.flatnonzero((contracts.hi < before) | (contracts.hi >= behind))
    names = contracts.take(suspects).strings().to_pylist()
    found[suspects] = [table.is_nobody(name) for name in names]
    return found


def _nobodies(tables: Iterable[Columns], table: CategoryTable) -> Words:
    """The contracts of compact tables that mean nobody, in order; shape (m, 2)."""
    found: set[tuple[int, int]] = set()
    ignored = Contracts.pack(sorted(table.ignore_contracts)).hi
    for columns in tables:
        hi = columns.hi
        begins = [0, *np.searchsorted(hi, np.append(ignored, _NO_SPACE[1]))]
        ends = [*np.searchsorted(hi, np.append(_NO_SPACE[0], ignored + np.uint64(1))), len(hi)]
        spans = [np.arange(*span) for span in zip(begins, ends, strict=True)]
        suspects = Contracts(*columns.contracts(np.concatenate(spans)))
        nobodies = suspects.take(nobody(suspects, table))
        found.update(zip(nobodies.hi.tolist(), nobodies.lo.tolist(), strict=True))
    return np.array(sorted(found), np.uint64).reshape(-1, 2)


def place_of(table: CategoryTable, app: str) -> int:
    """The place of an app's category in the table; behind the last one where it has none."""
    code = table.category_of(app)
    return len(table.categories) if code is None else code


def _trimmed(partial: Partial) -> Partial:
    """The same sums with white space around contracts and app names taken off."""
    vocabulary = Vocabulary()
    names = [name.strip() for name in partial.contracts.strings().to_pylist()]
    contracts = Contracts.pack(names).numbered(vocabulary.contracts.code)
    codes = np.array([vocabulary.apps.code(app.strip()) for app in partial.apps], np.int64)
    rows = rows_of(contracts.hi, contracts.lo, codes[partial.app], partial.seconds, partial.lines)
    total = Sum(vocabulary)
    total.add(Partial(rows, vocabulary.apps.all(), vocabulary.contracts.all()))
    return total.total()


def _unmapped(groups: Mapped, sums: Pivoted) -> tuple[UnmappedApp, ...]:
    figures = zip(groups.apps, sums.app_lines, sums.app_seconds, strict=True)
    apps = [UnmappedApp(app, int(lines), int(seconds)) for app, lines, seconds in figures if lines]
    return tuple(sorted(apps, key=lambda app: (-app.lines, app.app)))
