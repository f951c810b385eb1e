"""From sums per contract and app to one row per contract, by a category table.

The table is applied here and nowhere before, so that sums do not depend on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pyarrow as pa

from engagement_cli.aggregate import Partial, Sum, app_of, lines_of
from engagement_cli.contracts import Contracts
from engagement_cli.kernel.layout import Row, rows_of
from engagement_cli.schema import CONTRACT
from engagement_cli.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from engagement_cli.categories import Category, CategoryTable

_SLICE_GROUPS = 1 << 20

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
        frame: One row a contract, ordered by it: Contract (str), then int64 seconds in the columns
            of the table, and in its ``other`` column where unmapped apps are kept.
        accepted: Valid lines of contracts that are somebody.
        filtered: Valid lines of contracts that mean nobody.
        categories: Figures by category, in the order of the table.
        unmapped: The unmapped apps, most lines first.
        contracts: The contracts of ``frame``, packed, where they were at hand.
    """

    frame: pd.DataFrame
    accepted: int
    filtered: int
    categories: tuple[CategoryFigures, ...]
    unmapped: tuple[UnmappedApp, ...]
    contracts: Contracts | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Mapped:
    """Sums with the category of each of their g groups.

    Attributes:
        partial: The sums.
        contracts: The n contracts of the sums, each once, in order.
        row: int32, shape (g,): which of them each group belongs to.
        code: int16, shape (g,): the place of each group's category in the table; behind the last
            one for an unmapped app, and one further for a contract that means nobody.
    """

    partial: Partial
    contracts: Contracts
    row: NDArray[np.int32]
    code: NDArray[np.int16]

    @classmethod
    def of(cls, partial: Partial, table: CategoryTable) -> Mapped:
        """Apply a category table."""
        if table.trim:
            partial = _trimmed(partial)
        code = np.array([place_of(table, app) for app in partial.apps], np.int16)[partial.app]
        starts = partial.contracts.starts()
        row = np.cumsum(starts, dtype=np.int32) - np.int32(1)
        contracts = partial.contracts.take(starts)
        code[nobody(contracts, table)[row]] = len(table.categories) + 1
        return cls(partial, contracts, row, code)

    def having(self, groups: NDArray[np.bool_]) -> Contracts:
        """The contracts that have one of these groups, each once, in order."""
        found = np.zeros(len(self.contracts), np.bool_)
        found[self.row[groups]] = True
        return self.contracts.take(found)


def pivot(partial: Partial, table: CategoryTable, *, keep_unmapped: bool = False) -> Pivot:
    """Apply a category table to sums."""
    return pivot_groups(Mapped.of(partial, table), table, keep_unmapped=keep_unmapped)


def pivot_groups(groups: Mapped, table: CategoryTable, *, keep_unmapped: bool = False) -> Pivot:
    """One row a contract, of groups that the same table was applied to."""
    partial, contracts, row, code = groups.partial, groups.contracts, groups.row, groups.code
    other = len(table.categories)
    seconds = np.zeros((other + 2, len(contracts)), np.int64)
    seen = np.zeros(seconds.shape, np.bool_)
    lines = np.zeros(other + 2, np.int64)
    for some in _slices(len(partial)):
        np.add.at(seconds, (code[some], row[some]), partial.seconds[some])
        np.add.at(lines, code[some], lines_of(partial.rows[some]))
        seen[code[some], row[some]] = True
    columns = [*table.columns, table.other][: other + keep_unmapped]
    kept: NDArray[np.bool_] = np.logical_or.reduce(seen[: len(columns)])
    contracts = contracts.take(kept)
    frame = pa.table(
        [
            contracts.strings(),
            *(pa.array(column[kept]) for column in seconds[: len(columns)]),
        ],
        names=[CONTRACT, *columns],
    ).to_pandas(split_blocks=True)
    figures = zip(seen.sum(axis=1), lines, seconds.sum(axis=1), strict=True)
    return Pivot(
        frame,
        accepted=int(lines[:-1].sum()),
        filtered=int(lines[-1]),
        categories=tuple(
            CategoryFigures(category, *map(int, row))
            for category, row in zip(table.categories, figures, strict=False)
        ),
        unmapped=_unmapped(partial, code == other),
        contracts=contracts,
    )


def _slices(size: int) -> Iterator[slice]:
    """Slices of so many groups: what is made of each for a moment stays small."""
    return (slice(start, start + _SLICE_GROUPS) for start in range(0, size, _SLICE_GROUPS))


def nobody(contracts: Contracts, table: CategoryTable) -> NDArray[np.bool_]:
    """Which of these contracts mean nobody by the table; shape (n,), bool."""
    found = contracts.equal_to(table.ignore_contracts)
    first = (contracts.hi >> np.uint64(56)).astype(np.uint8)
    suspects = np.flatnonzero((first <= ord(" ")) | (first > ord("~")))  # perhaps white space
    names = contracts.take(suspects).strings().to_pylist()
    found[suspects] = [table.is_nobody(name) for name in names]
    return found


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


def _unmapped(partial: Partial, rows: NDArray[np.bool_]) -> tuple[UnmappedApp, ...]:
    size = len(partial.apps)
    lines, seconds = np.zeros(size, np.int64), np.zeros(size, np.int64)
    found = partial.rows[rows]
    np.add.at(lines, app_of(found), lines_of(found))
    np.add.at(seconds, app_of(found), found[:, Row.SECONDS].view(np.int64))
    apps = [
        UnmappedApp(app, int(lines[n]), int(seconds[n]))
        for n, app in enumerate(partial.apps)
        if lines[n]
    ]
    return tuple(sorted(apps, key=lambda app: (-app.lines, app.app)))
