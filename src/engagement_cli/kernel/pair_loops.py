# Numba infers the types, and refuses to compile what has none.
# mypy: ignore-errors
# A compiled loop takes addresses and counts one by one, and a call in it costs time.
# ruff: noqa: PLR0917
"""The loops over pairs of a contract and a device: put in order, united, counted. Numba reads them.

Like :mod:`~engagement_cli.kernel.scan_loops` they know addresses and words only;
:mod:`~engagement_cli.kernel.pairs` owns the arrays.
"""

from __future__ import annotations

import numpy as np
from numba import carray, njit

from engagement_cli.kernel import layout
from engagement_cli.kernel.simd import words_at

U = np.uint64

_WORDS = U(4)
_HI, _LO, _MAC_HI, _MAC_LO = (U(i) for i in range(4))
_REFUSED = U(layout.REFUSED)
_SAME, _LEFT, _RIGHT = U(0), U(1), U(2)
_SHORT = U(8)
"""Runs of so many rows are put in order by insertion before runs are merged."""


@njit
def _rows(address, count):
    return carray(words_at(address), (count, _WORDS))


@njit
def _columns(address):
    """Four columns; how long they are, whoever asks knows."""
    at = carray(words_at(address), _WORDS)
    return (
        carray(words_at(at[_HI]), U(1)),
        carray(words_at(at[_LO]), U(1)),
        carray(words_at(at[_MAC_HI]), U(1)),
        carray(words_at(at[_MAC_LO]), U(1)),
    )


@njit
def _copy(target, i, source, j):
    target[i, _HI], target[i, _LO] = source[j, _HI], source[j, _LO]
    target[i, _MAC_HI], target[i, _MAC_LO] = source[j, _MAC_HI], source[j, _MAC_LO]


@njit
def _precedes(left, i, right, j):
    """Whether one row stands before another: by contract, then by device."""
    if left[i, _HI] != right[j, _HI]:
        return left[i, _HI] < right[j, _HI]
    if left[i, _LO] != right[j, _LO]:
        return left[i, _LO] < right[j, _LO]
    if left[i, _MAC_HI] != right[j, _MAC_HI]:
        return left[i, _MAC_HI] < right[j, _MAC_HI]
    return left[i, _MAC_LO] < right[j, _MAC_LO]


@njit
def _insert(rows, first, row, spare):
    """Move a row back to its place among the rows in order from ``first`` on."""
    if row == first or not _precedes(rows, row, rows, row - U(1)):
        return
    _copy(spare, first, rows, row)
    while row > first and _precedes(spare, first, rows, row - U(1)):
        _copy(rows, row, rows, row - U(1))
        row -= U(1)
    _copy(rows, row, spare, first)


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
def _sort(rows, start, end, spare):
    """Put the rows of a stretch in order."""
    for row in range(start, end):
        _insert(rows, row - (row - start) % _SHORT, row, spare)
    source, target, width = rows, spare, _SHORT
    in_spare = False
    while width < end - start:
        for first in range(start, end, U(2) * width):
            middle, stop = min(first + width, end), min(first + U(2) * width, end)
            _merge(source, first, middle, stop, target)
        source, target = target, source
        width, in_spare = U(2) * width, not in_spare
    if in_spare:
        for row in range(start, end):
            _copy(rows, row, spare, row)


@njit
def _unique(rows, count, target_at):
    """Write rows in order as columns, each once; how many they are."""
    his, los, mac_his, mac_los = _columns(target_at)
    kept = U(0)
    for row in range(count):
        if row == U(0) or _precedes(rows, row - U(1), rows, row):
            his[kept], los[kept] = rows[row, _HI], rows[row, _LO]
            mac_his[kept], mac_los[kept] = rows[row, _MAC_HI], rows[row, _MAC_LO]
            kept += U(1)
    return kept


def sort_pairs(rows_at, count, spare_at, target_at):
    """Put rows in order and write them as columns, each once; returns how many they are."""
    rows = _rows(rows_at, count)
    _sort(rows, U(0), count, _rows(spare_at, count))
    return _unique(rows, count, target_at)


def sort_macs(rows_at, count, spare_at, target_at):
    """Do as ``sort_pairs`` does with rows that are in order by contract already."""
    rows, spare = _rows(rows_at, count), _rows(spare_at, count)
    first = U(0)
    for row in range(U(1), count + U(1)):
        if row == count or rows[row, _HI] != rows[first, _HI] or rows[row, _LO] != rows[first, _LO]:
            if row - first > U(1):
                _sort(rows, first, row, spare)
            first = row
    return _unique(rows, count, target_at)


@njit
def _first(left, right):
    return _LEFT if left < right else _RIGHT


def unite_pairs(left_at, left_count, right_at, right_count, target_at):
    """Merge columns in order, each pair once; returns how many pairs they are."""
    his_l, los_l, mac_his_l, mac_los_l = _columns(left_at)
    his_r, los_r, mac_his_r, mac_los_r = _columns(right_at)
    his, los, mac_his, mac_los = _columns(target_at)
    i = j = count = U(0)
    while i < left_count and j < right_count:
        first = _SAME
        if his_l[i] != his_r[j]:
            first = _first(his_l[i], his_r[j])
        elif los_l[i] != los_r[j]:
            first = _first(los_l[i], los_r[j])
        elif mac_his_l[i] != mac_his_r[j]:
            first = _first(mac_his_l[i], mac_his_r[j])
        elif mac_los_l[i] != mac_los_r[j]:
            first = _first(mac_los_l[i], mac_los_r[j])
        if first == _RIGHT:
            his[count], los[count] = his_r[j], los_r[j]
            mac_his[count], mac_los[count] = mac_his_r[j], mac_los_r[j]
        else:
            his[count], los[count] = his_l[i], los_l[i]
            mac_his[count], mac_los[count] = mac_his_l[i], mac_los_l[i]
        i += U(first != _RIGHT)
        j += U(first != _LEFT)
        count += U(1)
    while i < left_count:
        his[count], los[count] = his_l[i], los_l[i]
        mac_his[count], mac_los[count] = mac_his_l[i], mac_los_l[i]
        i += U(1)
        count += U(1)
    while j < right_count:
        his[count], los[count] = his_r[j], los_r[j]
        mac_his[count], mac_los[count] = mac_his_r[j], mac_los_r[j]
        j += U(1)
        count += U(1)
    return count


def count_pairs(his_at, los_at, count, asked_his_at, asked_los_at, asked, counts_at):
    """Count the pairs in order of each of some contracts in order; ``REFUSED`` if they are not."""
    his, los = carray(words_at(his_at), count), carray(words_at(los_at), count)
    asked_his, asked_los = (
        carray(words_at(asked_his_at), asked),
        carray(words_at(asked_los_at), asked),
    )
    counts = carray(words_at(counts_at), asked)
    row = U(0)
    for i in range(asked):
        hi, lo = asked_his[i], asked_los[i]
        if i and (hi < asked_his[i - 1] or (hi == asked_his[i - 1] and lo <= asked_los[i - 1])):
            return _REFUSED
        while row < count and (his[row] < hi or (his[row] == hi and los[row] < lo)):
            row += U(1)
        first = row
        while row < count and his[row] == hi and los[row] == lo:
            row += U(1)
        counts[i] = row - first
    return U(0)
