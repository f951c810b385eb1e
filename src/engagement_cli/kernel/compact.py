"""Compact tables: the groups of a month in a third of the memory, with the days they are of.

A contract stands there once, and what it watched of one app, its lines, its seconds and its days
take two words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engagement_cli.kernel.layout import NUMBER_PADDING, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from engagement_cli.kernel.layout import Words

    Numbers = NDArray[np.unsignedinteger]
    """Of any size."""

MAX_PLACES = 64
"""Places that can be told apart: one bit each."""


class Columns(NamedTuple):
    """A table of n contracts and g entries, as :class:`~.layout.Table` says.

    Attributes:
        hi: uint64, shape (n,), with ``lo`` in order, each pair once.
        lo: uint64, shape (n,).
        ends: uint8 to uint64, shape (n,): the place behind the last entry of each contract.
        entries: uint64, shape (g,).
        days: uint8 to uint64, shape (g,).
    """

    hi: Words
    lo: Words
    ends: Numbers
    entries: Words
    days: Numbers

    @classmethod
    def room(cls, contracts: int, groups: int, days: np.dtype[np.unsignedinteger]) -> Columns:
        """Columns with room for so many, nothing in them; what is not used costs no memory."""
        words = [np.empty(length, np.uint64) for length in (contracts, contracts, groups)]
        hi, lo, entries = words
        ends = _numbers(contracts, np.min_scalar_type(groups))
        return cls(hi, lo, ends, entries, _numbers(groups, days))


class Pivoted(NamedTuple):
    """Groups of a apps added up by p places; n contracts are shown.

    Attributes:
        hi: uint64, shape (n,): the contracts with a group in a place that is shown.
        lo: uint64, shape (n,).
        seconds: int64, each shape (n,): their seconds in each place that is shown.
        active: uint64, shape (n,): their days in the places before the last two, one bit each,
            if they are wanted.
        place_contracts: int64, shape (p,): how many contracts have a group in each place.
        place_lines: int64, shape (p,).
        place_seconds: int64, shape (p,).
        app_lines: int64, shape (a,): those of contracts that are somebody.
        app_seconds: int64, shape (a,): likewise.
    """

    hi: Words
    lo: Words
    seconds: Sequence[NDArray[np.int64]]
    active: Words | None
    place_contracts: NDArray[np.int64]
    place_lines: NDArray[np.int64]
    place_seconds: NDArray[np.int64]
    app_lines: NDArray[np.int64]
    app_seconds: NDArray[np.int64]


def compacted(rows: Words, groups: int, days: int) -> Columns:
    """A table of groups in order.

    Args:
        rows: The groups, shape (g, 4), as :class:`~.layout.Row` says.
        groups: How many entries they take at most.
        days: The days they are of, one bit each.
    """
    room = Columns.room(len(rows), groups, np.min_scalar_type(days))
    return _filled("compact_rows", room, rows, len(rows), days)


class Side(NamedTuple):
    """A table to be added to another one.

    Attributes:
        table: The table.
        codes: For the code of each app in it, that in the sum; they keep the order of apps.
        later: How many days later than the first day of the sum that of the table is.
    """

    table: Columns
    codes: Words
    later: int


def merged(left: Side, right: Side, days: np.dtype[np.unsignedinteger]) -> Columns:
    """The sum of two tables, with days of this type."""
    room = Columns.room(
        len(left.table.hi) + len(right.table.hi),
        len(left.table.entries) + len(right.table.entries),
        days,
    )
    return _filled("merge_tables", room, *_told(left), *_told(right))


def _told(side: Side) -> tuple[Words, Words, int]:
    """What a loop is told of a side."""
    return _described(side.table), side.codes, side.later


def pivoted(
    table: Columns,
    place_of_app: NDArray[np.integer],
    nobody: NDArray[np.bool_],
    places: int,
    shown: int,
    *,
    with_days: bool = True,
) -> Pivoted:
    """Add up a table by contract and by the place of each app.

    Args:
        table: The table; all its seconds together fit int64.
        place_of_app: The place of each app, below ``places - 1``.
        nobody: For each contract, whether all it has falls into the last place.
        places: How many there are, ``MAX_PLACES`` at most.
        shown: How many of them are shown, from the first one on.
        with_days: Whether days are wanted.
    """
    from engagement_cli.kernel import native  # noqa: PLC0415 # loads machine code

    apps, contracts = len(place_of_app), len(nobody)
    hi, lo = np.empty(contracts, np.uint64), np.empty(contracts, np.uint64)
    active = np.empty(contracts, np.uint64) if with_days else None
    is_nobody = np.zeros(contracts + NUMBER_PADDING, np.bool_)
    is_nobody[:contracts] = nobody
    seconds = np.empty((shown, contracts), np.int64)
    figures = np.zeros(4 * places + 2 * apps, np.int64)
    rows = native.loop("pivot_table")(
        _described(table), place_of_app.astype(np.uint64), apps, is_nobody, places,
        shown, hi, lo, 0 if active is None else active, seconds, figures,
    )  # fmt: skip
    by_place = figures[: 4 * places].reshape(places, 4)
    by_app = figures[4 * places :].reshape(apps, 2)
    columns = [column[:rows] for column in seconds]
    days = None if active is None else active[:rows]
    return Pivoted(hi[:rows], lo[:rows], columns, days, *by_place.T[:3], *by_app.T)


def _described(columns: Columns) -> Words:
    """What a loop is told of a table."""
    addresses = [column.ctypes.data for column in columns]
    sizes = columns.ends.itemsize, columns.days.itemsize
    return np.array([*addresses, *sizes, len(columns.hi), len(columns.entries)], np.uint64)


def _numbers(count: int, kind: np.dtype[np.unsignedinteger]) -> Numbers:
    """Room for so many numbers of a type, with the padding behind them."""
    return np.empty(count * kind.itemsize + NUMBER_PADDING, np.uint8)[:-NUMBER_PADDING].view(kind)


def _filled(loop: str, room: Columns, *arguments: Words | int) -> Columns:
    """The part of columns that a loop filled."""
    from engagement_cli.kernel import native  # noqa: PLC0415 # loads machine code

    described = _described(room)
    native.loop(loop)(*arguments, described)
    contracts, groups = int(described[Table.CONTRACTS]), int(described[Table.GROUPS])
    lengths = (contracts, contracts, contracts, groups, groups)
    return Columns(*(column[:length] for column, length in zip(room, lengths, strict=True)))
