# Numba infers the types, and refuses to compile what has none.
# mypy: ignore-errors
# A compiled loop takes addresses and counts one by one, and a call in it costs time.
# ruff: noqa: PLR0917
"""The loops that sum rows by contract and app and put the sums in order. Numba reads them.

Like :mod:`~engagement_cli.kernel.scan_loops` they know addresses and words only;
:mod:`~engagement_cli.kernel.totals` owns the arrays.
"""

from __future__ import annotations

import numpy as np
from numba import carray, njit

from engagement_cli.kernel import layout
from engagement_cli.kernel.layout import Row
from engagement_cli.kernel.simd import hash_words, prefetch, words_at

U = np.uint64

_HI, _LO, _TAG, _SECONDS = (U(i) for i in Row)
_ROW_WORDS, _ROW_BYTES = U(len(Row)), U(8 * len(Row))
_TAG_SHIFT, _LINES_MASK = U(layout.TAG_SHIFT), U(layout.LINES_MASK)
_MOST = U(2**63 - 1)
_OVERFLOW = U(layout.OVERFLOW)
_AHEAD = U(16)
"""Rows between asking for a slot and using it: about as many as memory serves at a time."""
_SHORT = U(8)
"""Runs of so many rows are put in order by insertion before runs are merged."""
_BYTE, _ALL = U(0xFF), U(2**64 - 1)
_DIGIT_BITS = U(layout.DIGIT_BITS)
_DIGITS = U(1) << _DIGIT_BITS
_MOST_ALIKE = U(64)
"""Rows of one digit that insertion puts in order soon enough."""


@njit
def _rows(address, count):
    return carray(words_at(address), (count, _ROW_WORDS))


@njit
def _share(word, parts):
    """Which of so many equal parts of all words this one falls into, in order."""
    return ((word >> U(32)) * parts) >> U(32)


@njit
def _copy(target, i, source, j):
    target[i, _HI], target[i, _LO] = source[j, _HI], source[j, _LO]
    target[i, _TAG], target[i, _SECONDS] = source[j, _TAG], source[j, _SECONDS]


# --- summing ----------------------------------------------------------------------------------


def scatter(rows_at, start, count, buffers_at, capacity, fill_at, partitions):
    """Append rows to the buffer of their partition, which a hash of the contract gives.

    Returns the row to go on with when a buffer has no room for it, or ``count``.
    """
    rows = _rows(rows_at, count)
    fill = carray(words_at(fill_at), partitions)
    buffers = _rows(buffers_at, partitions * capacity)
    row = start
    while row < count:
        partition = _share(hash_words(rows[row, _HI], rows[row, _LO]), partitions)
        if fill[partition] == capacity:
            break
        _copy(buffers, partition * capacity + fill[partition], rows, row)
        fill[partition] += U(1)
        row += U(1)
    return row


@njit
def _slot(rows, row, slots):
    """Where in a table the search for a row's group begins."""
    contract = hash_words(rows[row, _HI], rows[row, _LO])
    return _share((contract + (rows[row, _TAG] >> _TAG_SHIFT)) * U(0x9E3779B97F4A7C15), slots)


@njit
def _next(slot, slots):
    return slot + U(1) if slot + U(1) < slots else U(0)


@njit
def _is_same_group(table, slot, rows, row):
    return (
        table[slot, _HI] == rows[row, _HI]
        and table[slot, _LO] == rows[row, _LO]
        and (table[slot, _TAG] ^ rows[row, _TAG]) >> _TAG_SHIFT == U(0)
    )


@njit
def _add(table, slot, rows, row):
    """Add a row to its group; whether the group outgrew its place."""
    table[slot, _TAG] += rows[row, _TAG] & _LINES_MASK
    table[slot, _SECONDS] += rows[row, _SECONDS]
    return not _is_same_group(table, slot, rows, row) or table[slot, _SECONDS] > _MOST


def fold(rows_at, start, count, table_at, slots, groups_at, limit):
    """Add rows to the groups of a table with open addressing, whose empty slots have the tag 0.

    Returns the row to go on with when the table has ``limit`` groups and needs another; ``count``
    when all are added; ``OVERFLOW`` when a sum outgrew its place in the table.
    """
    rows, table = _rows(rows_at, count), _rows(table_at, slots)
    groups = carray(words_at(groups_at), U(1))
    row = start
    while row < count:
        if row + _AHEAD < count:
            prefetch(table_at + _slot(rows, row + _AHEAD, slots) * _ROW_BYTES)
        slot = _slot(rows, row, slots)
        while table[slot, _TAG] != U(0) and not _is_same_group(table, slot, rows, row):
            slot = _next(slot, slots)
        if table[slot, _TAG] != U(0):
            if _add(table, slot, rows, row):
                return _OVERFLOW
        elif groups[0] == limit:
            break
        else:
            _copy(table, slot, rows, row)
            groups[0] += U(1)
        row += U(1)
    return row


def rehash(old_at, old_slots, new_at, slots):
    """Copy the groups of a table into a larger, empty one."""
    old, new = _rows(old_at, old_slots), _rows(new_at, slots)
    for i in range(old_slots):
        if old[i, _TAG] != U(0):
            slot = _slot(old, i, slots)
            while new[slot, _TAG] != U(0):
                slot = _next(slot, slots)
            _copy(new, slot, old, i)
    return U(0)


# --- putting in order -------------------------------------------------------------------------


@njit
def _precedes(left, i, right, j):
    """Whether one row stands before another: by contract in code-point order, then by app."""
    if left[i, _HI] != right[j, _HI]:
        return left[i, _HI] < right[j, _HI]
    if left[i, _LO] != right[j, _LO]:
        return left[i, _LO] < right[j, _LO]
    return left[i, _TAG] >> _TAG_SHIFT < right[j, _TAG] >> _TAG_SHIFT


@njit
def _bucket(rows, row, splitters, count):
    """How many splitters do not stand behind a row's contract: a search that never branches."""
    first = U(0)
    while count > U(0):
        half = (count + U(1)) >> U(1)
        middle = first + half - U(1)
        same = splitters[middle, _HI] == rows[row, _HI]
        before = splitters[middle, _HI] < rows[row, _HI]
        not_behind = before | (same & (splitters[middle, _LO] <= rows[row, _LO]))
        first += half * U(not_behind)
        count -= half
    return first


def assign_buckets(table_at, slots, splitters_at, buckets, buckets_at, sizes_at):
    """Write down the bucket of each group of a table, and count the groups of each bucket."""
    table, splitters = _rows(table_at, slots), _rows(splitters_at, buckets - U(1))
    assigned, sizes = carray(words_at(buckets_at), slots), carray(words_at(sizes_at), buckets)
    group = U(0)
    for slot in range(slots):
        if table[slot, _TAG] != U(0):
            assigned[group] = _bucket(table, slot, splitters, buckets - U(1))
            sizes[assigned[group]] += U(1)
            group += U(1)
    return group


def fill_buckets(
    table_at, slots, buckets_at, places_at, buckets, codes_at, apps, target_at, total
):  # fmt: skip
    """Copy each group of a table to the next place of its bucket.

    Its app gets the code that ``codes`` has for it, if there are any.
    """
    codes = carray(words_at(codes_at), apps)
    table, target = _rows(table_at, slots), _rows(target_at, total)
    assigned, places = carray(words_at(buckets_at), slots), carray(words_at(places_at), buckets)
    group = U(0)
    for slot in range(slots):
        if table[slot, _TAG] != U(0):
            place = places[assigned[group]]
            _copy(target, place, table, slot)
            if apps:
                lines = table[slot, _TAG] & _LINES_MASK
                target[place, _TAG] = codes[table[slot, _TAG] >> _TAG_SHIFT] << _TAG_SHIFT | lines
            places[assigned[group]] = place + U(1)
            group += U(1)
    return group


@njit
def _insert(rows, first, row, spare):
    """Move a row back to its place among the rows in order from ``first`` on."""
    _copy(spare, U(0), rows, row)
    while row > first and _precedes(spare, U(0), rows, row - U(1)):
        _copy(rows, row, rows, row - U(1))
        row -= U(1)
    _copy(rows, row, spare, U(0))


@njit
def _merge(source, first, middle, stop, target):
    """Merge ``source[first:middle]`` and ``source[middle:stop]``, each in order."""
    left, right = first, middle
    for place in range(first, stop):
        if right == stop or (left < middle and not _precedes(source, right, source, left)):
            _copy(target, place, source, left)
            left += U(1)
        else:
            _copy(target, place, source, right)
            right += U(1)


@njit
def _merge_all(rows, count, spare):
    """Put rows in order by merging ever longer runs; whether they stand in ``spare`` at the end."""
    for row in range(count):
        _insert(rows, row - row % _SHORT, row, spare)
    width, in_spare = _SHORT, U(0)
    while width < count:
        for first in range(U(0), count, U(2) * width):
            middle, stop = min(first + width, count), min(first + U(2) * width, count)
            _merge(rows, first, middle, stop, spare)
        rows, spare = spare, rows
        width, in_spare = U(2) * width, U(1) - in_spare
    return in_spare


@njit
def _widths(rows, count):
    """A byte for each of the first word: how many of its low bits tell rows apart."""
    zeros, ones = _ALL, U(0)
    for row in range(count):
        zeros &= rows[row, _HI]
        ones |= rows[row, _HI]
    varying, widths = zeros ^ ones, U(0)
    for byte in range(U(0), U(64), U(8)):
        bits = U(0)
        while ((varying >> byte) & _BYTE) >> bits:
            bits += U(1)
        widths |= bits << byte
    return widths


@njit
def _digit(word, widths):
    """As many of the first bits that tell rows apart as a digit takes; in the order of words."""
    digit, bits, byte = U(0), U(0), U(64)
    while bits < _DIGIT_BITS and byte:
        byte -= U(8)
        width = (widths >> byte) & _BYTE
        digit = (digit << width) | ((word >> byte) & ~(_ALL << width))
        bits += width
    return digit >> (bits - _DIGIT_BITS) if bits > _DIGIT_BITS else digit


def sort_rows(rows_at, count, spare_at, starts_at):
    """Put rows in order by contract and app.

    They are dealt by what tells their contracts apart first, so that hardly any is far from its
    place. Where too many are alike in that, runs of them are merged. ``spare`` has room for as many
    rows, ``starts`` a zero for each digit. Returns 1 when they stand in ``spare`` at the end,
    otherwise 0.
    """
    rows, spare = _rows(rows_at, count), _rows(spare_at, count)
    starts = carray(words_at(starts_at), _DIGITS)
    widths, most = _widths(rows, count), U(0)
    for row in range(count):
        digit = _digit(rows[row, _HI], widths)
        starts[digit] += U(1)
        most = max(most, starts[digit])
    if most > _MOST_ALIKE:
        return _merge_all(rows, count, spare)
    start = U(0)
    for digit in range(_DIGITS):
        start, starts[digit] = start + starts[digit], start
    for row in range(count):
        digit = _digit(rows[row, _HI], widths)
        _copy(spare, starts[digit], rows, row)
        starts[digit] += U(1)
    for row in range(U(1), count):
        if _precedes(spare, row, spare, row - U(1)):
            _insert(spare, U(0), row, rows)
    return U(1)
