"""Compact tables: the groups of a month in a fifth of the memory, with the days they are of.

A contract stands there once, and what it watched of one app, its lines, its seconds and its days
take as many bytes as the largest of them needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engagement_cli.kernel.layout import NARROW, NUMBER_PADDING, WIDE, Bits, Size, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from engagement_cli.kernel.layout import Words

    Numbers = NDArray[np.uint8]
    """Shape (n, b): n numbers of b bytes, the lowest one first."""

MAX_PLACES = 64
"""Places that can be told apart: one bit each."""
_SPARE = 100_000
"""So many entries more than groups are nothing to speak of."""
_WORD_BYTES = 8
_WORD_BITS = 64


class Form(NamedTuple):
    """How the entries of a table are made up, and how large its numbers get.

    Attributes:
        bits: How many bits of an entry its seconds and its lines take.
        most_entries: The most entries of one contract.
        days: The days of all entries, one bit each.
    """

    bits: Bits
    most_entries: int = 0
    days: int = 0


class Columns(NamedTuple):
    """A table of n contracts and g entries, as :class:`~.layout.Table` says.

    Attributes:
        hi: uint64, shape (n,), with ``lo`` in order, each pair once.
        lo: The first bytes of the second word of each contract, shape (n, b).
        counts: How many entries each contract has, shape (n, b).
        entries: Shape (g, b).
        days: Shape (g, b).
        form: What else must be known of them.
    """

    hi: Words
    lo: Numbers
    counts: Numbers
    entries: Numbers
    days: Numbers
    form: Form

    def contracts(self, rows: NDArray[np.int64] | slice = slice(None)) -> tuple[Words, Words]:
        """The two words of each contract at these rows; uint64."""
        unused = _WORD_BITS - 8 * self.lo.shape[1]
        return self.hi[rows], words_of(self.lo[rows]) << np.uint64(unused)

    def split(self) -> tuple[Words, Words, Words]:
        """The app, the lines and the seconds of each entry; uint64, each shape (g,)."""
        bits, entries = self.form.bits, words_of(self.entries)
        sums = entries >> np.uint64(bits.seconds)
        app = sums >> np.uint64(bits.lines)
        return app, sums & np.uint64(bits.most_lines), entries & np.uint64(bits.most_seconds)


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
        app_lines: int64, shape (a,): those of apps in the last place but one.
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


def compacted(rows: Words, apps: int, days: int) -> Columns | None:
    """A table of groups in order; None if they would take far more entries than one each.

    Args:
        rows: The groups, shape (g, 4), as :class:`~.layout.Row` says.
        apps: How many there are.
        days: The days they are of, one bit each.
    """
    groups = len(rows)
    for bits, most in ((NARROW, groups + max(groups // 32, 1000)), (WIDE, 2 * groups + _SPARE)):
        size = np.zeros(len(Size), np.uint64)
        _loop("measure_rows", rows, len(rows), bits.seconds, sum(bits), size)
        contracts, most_entries, entries, los = map(int, size)
        if entries <= most:
            form = Form(bits, most_entries, days)
            room = _room((contracts, entries), form, apps, _bytes_of_end(los))
            return _filled("compact_rows", room, rows, len(rows), days)
    return None


def merged(left: Side, right: Side, apps: int, days: int) -> Columns:
    """The sum of two tables.

    Args:
        left: One table.
        right: The other one.
        apps: How many there are in the sum.
        days: How many days there are from the first one on.
    """
    one, other = left.table, right.table
    most_entries = one.form.most_entries + other.form.most_entries
    room = _room(
        (len(one.hi) + len(other.hi), len(one.entries) + len(other.entries)),
        Form(max(one.form.bits, other.form.bits), most_entries, (1 << days) - 1),
        apps,
        max(one.lo.shape[1], other.lo.shape[1]),
    )
    return _filled("merge_tables", room, *_told(left), *_told(right))


def pivoted(
    sides: tuple[Side, Side],
    place_of_app: NDArray[np.integer],
    nobody: Words,
    places: int,
    shown: int,
    *,
    with_days: bool = True,
) -> Pivoted:
    """Add up two tables by contract and by the place of each app.

    Args:
        sides: The tables; all seconds of both together fit int64.
        place_of_app: The place of each app, below ``places - 1``; ``places - 2`` is that of those
            whose own figures are wanted.
        nobody: Those contracts of which all falls into the last place, in order; shape (m, 2).
        places: How many there are, ``MAX_PLACES`` at most.
        shown: How many of them are shown, from the first one on.
        with_days: Whether days are wanted.
    """
    left, right = sides
    apps, contracts = len(place_of_app), len(left.table.hi) + len(right.table.hi)
    hi, lo = np.empty(contracts, np.uint64), np.empty(contracts, np.uint64)
    active = np.empty(contracts, np.uint64) if with_days else None
    seconds = np.empty((shown, contracts), np.int64)
    figures = np.zeros(4 * places + 2 * apps, np.int64)
    place_of = np.append(place_of_app, np.full(apps, places - 1)).astype(np.uint64)
    rows = _loop(
        "pivot_tables", *_told(left), *_told(right), place_of, apps,
        nobody, len(nobody), places, shown, hi, lo, 0 if active is None else active, seconds,
        figures,
    )  # fmt: skip
    by_place = figures[: 4 * places].reshape(places, 4)
    by_app = figures[4 * places :].reshape(apps, 2)
    columns = [column[:rows] for column in seconds]
    days = None if active is None else active[:rows]
    return Pivoted(hi[:rows], lo[:rows], columns, days, *by_place.T[:3], *by_app.T)


def nothing() -> Columns:
    """A table of no groups."""
    return _room((0, 0), Form(NARROW), 1, 1)


def numbers(words: Words, size: int) -> Numbers:
    """Words as numbers of so many bytes, into which they fit."""
    padded = np.zeros(words.nbytes + NUMBER_PADDING, np.uint8)
    column = padded[: len(words) * size].reshape(-1, size)
    column[:] = words.astype("<u8", copy=False).view(np.uint8).reshape(-1, _WORD_BYTES)[:, :size]
    return column


def words_of(column: Numbers) -> Words:
    """Numbers as words."""
    words = np.zeros((len(column), _WORD_BYTES), np.uint8)
    words[:, : column.shape[1]] = column
    return words.view("<u8").astype(np.uint64, copy=False)[:, 0]


def _room(lengths: tuple[int, int], form: Form, apps: int, lo_bytes: int) -> Columns:
    """Columns with room for so many contracts and groups; what is not used costs no memory."""
    contracts, groups = lengths
    entry_bits = sum(form.bits) + (apps - 1).bit_length()
    return Columns(
        np.empty(contracts, np.uint64),
        _room_for(contracts, lo_bytes),
        _room_for(contracts, _bytes(form.most_entries.bit_length())),
        _room_for(groups, _bytes(entry_bits)),
        _room_for(groups, _bytes(form.days.bit_length())),
        form,
    )


def _room_for(count: int, size: int) -> Numbers:
    """Room for so many numbers of so many bytes, with the padding behind them."""
    return np.empty(count * size + NUMBER_PADDING, np.uint8)[:-NUMBER_PADDING].reshape(-1, size)


def _bytes(bits: int) -> int:
    """How many bytes so many bits take, at least one."""
    return max(1, -(-bits // 8))


def _bytes_of_end(words: int) -> int:
    """How many first bytes of words count, of which these are all the bits; at least one."""
    unused = (words & -words).bit_length() - 1 if words else _WORD_BITS
    return max(1, _WORD_BYTES - unused // 8)


def _told(side: Side) -> tuple[Words, Words, int]:
    """What a loop is told of a side."""
    return _described(side.table), side.codes, side.later


def _described(columns: Columns) -> Words:
    """What a loop is told of a table."""
    hi, *_, form = columns
    others = columns.lo, columns.counts, columns.entries, columns.days
    addresses = [hi.ctypes.data, *(column.ctypes.data for column in others)]
    sizes = [column.shape[1] for column in others]
    counts = len(hi), len(columns.entries)
    shifts = form.bits.seconds, sum(form.bits)
    return np.array([*addresses, *sizes, *shifts, *counts, *form[1:]], np.uint64)


def _filled(loop: str, room: Columns, *arguments: Words | int) -> Columns:
    """The part of columns that a loop filled."""
    told = _described(room)
    _loop(loop, *arguments, told)
    contracts, groups = int(told[Table.CONTRACTS]), int(told[Table.GROUPS])
    form = Form(room.form.bits, *map(int, told[Table.MOST_ENTRIES :]))
    return Columns(
        room.hi[:contracts],
        room.lo[:contracts],
        room.counts[:contracts],
        room.entries[:groups],
        room.days[:groups],
        form,
    )


def _loop(name: str, *arguments: NDArray[Any] | int) -> int:
    from engagement_cli.kernel import native  # noqa: PLC0415 # loads machine code

    return native.loop(name)(*arguments)
