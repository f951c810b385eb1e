# Numba infers the types, and refuses to compile what has none.
# mypy: ignore-errors
# A compiled loop takes addresses and counts one by one, and a call in it costs time.
# ruff: noqa: PLR0917
"""The loops over compact tables: made of groups, added up, shown by category. Numba reads them.

Like :mod:`~engagement_cli.kernel.scan_loops` they know addresses and words only;
:mod:`~engagement_cli.kernel.compact` owns the arrays.
"""

from __future__ import annotations

import numpy as np
from numba import carray, njit

from engagement_cli.kernel import layout
from engagement_cli.kernel.layout import Row, Table
from engagement_cli.kernel.simd import load8, store8, words_at

U = np.uint64

_ROW_WORDS = U(len(Row))
_R_HI, _R_LO, _R_TAG, _R_SECONDS = (U(i) for i in Row)
_TAG_SHIFT, _LINES_MASK = U(layout.TAG_SHIFT), U(layout.LINES_MASK)
_HI, _LO, _ENDS, _ENTRIES, _DAYS = (U(i) for i in list(Table)[:5])
_ENDS_BYTES, _DAYS_BYTES, _CONTRACTS, _GROUPS = (U(i) for i in list(Table)[5:])
_TABLE_WORDS = U(len(Table))
_APP_SHIFT, _LINES_SHIFT = U(layout.ENTRY_APP_SHIFT), U(layout.ENTRY_LINES_SHIFT)
_MOST_LINES, _MOST_SECONDS = U(layout.ENTRY_LINES), U(layout.ENTRY_SECONDS)
_NO_APP = U(2**64 - 1)
"""Behind every app."""


@njit
def _table(address):
    return carray(words_at(address), _TABLE_WORDS)


@njit
def _column(table, which):
    """A column of words; how long it is, whoever asks knows."""
    return carray(words_at(table[which]), U(1))


@njit
def _number(at, place, size):
    """A number of so many bytes in a column of such."""
    return load8(at + place * size) & (~U(0) >> (U(64) - U(8) * size))


@njit
def _write(at, place, size, number):
    """Write a number into a column that is filled from front to back."""
    store8(at + place * size, number)


@njit
def _lines(entry):
    return (entry >> _LINES_SHIFT) & _MOST_LINES


@njit
def _seconds(entry):
    return entry & _MOST_SECONDS


@njit
def _entry(app, lines, seconds):
    return (app << _APP_SHIFT) | (lines << _LINES_SHIFT) | seconds


def compact_rows(rows_at, count, days, table_at):
    """Make a table of groups in order, all of the same days."""
    rows, table = carray(words_at(rows_at), (count, _ROW_WORDS)), _table(table_at)
    his, los, entries = _column(table, _HI), _column(table, _LO), _column(table, _ENTRIES)
    contracts = groups = U(0)
    for i in range(count):
        hi, lo = rows[i, _R_HI], rows[i, _R_LO]
        if i == U(0) or hi != his[contracts - U(1)] or lo != los[contracts - U(1)]:
            his[contracts], los[contracts] = hi, lo
            contracts += U(1)
        app = rows[i, _R_TAG] >> _TAG_SHIFT
        lines, seconds = rows[i, _R_TAG] & _LINES_MASK, rows[i, _R_SECONDS]
        while lines or seconds:
            some_lines, some_seconds = min(lines, _MOST_LINES), min(seconds, _MOST_SECONDS)
            entries[groups] = _entry(app, some_lines, some_seconds)
            _write(table[_DAYS], groups, table[_DAYS_BYTES], days)
            lines -= some_lines
            seconds -= some_seconds
            groups += U(1)
        _write(table[_ENDS], contracts - U(1), table[_ENDS_BYTES], groups)
    table[_CONTRACTS], table[_GROUPS] = contracts, groups
    return U(0)


def merge_tables(
    left_at, left_codes_at, left_later, right_at, right_codes_at, right_later, target_at
):  # fmt: skip
    """Add up two tables, of which each app has the code in the target that ``codes`` gives.

    These codes keep the order of the apps. The first day of a side is so many days ``later`` than
    that of the target.
    """
    left, right, target = _table(left_at), _table(right_at), _table(target_at)
    his_l, los_l, entries_l = _column(left, _HI), _column(left, _LO), _column(left, _ENTRIES)
    his_r, los_r, entries_r = _column(right, _HI), _column(right, _LO), _column(right, _ENTRIES)
    his, los, entries = _column(target, _HI), _column(target, _LO), _column(target, _ENTRIES)
    ends_l, days_l, ends_r, days_r = left[_ENDS], left[_DAYS], right[_ENDS], right[_DAYS]
    ends_l_bytes, days_l_bytes = left[_ENDS_BYTES], left[_DAYS_BYTES]
    ends_r_bytes, days_r_bytes = right[_ENDS_BYTES], right[_DAYS_BYTES]
    codes_l, codes_r = carray(words_at(left_codes_at), U(1)), carray(words_at(right_codes_at), U(1))
    i = j = p = q = contracts = groups = U(0)
    while i < left[_CONTRACTS] or j < right[_CONTRACTS]:
        in_left, in_right = i < left[_CONTRACTS], j < right[_CONTRACTS]
        if in_left and in_right:
            before = his_l[i] < his_r[j] or (his_l[i] == his_r[j] and los_l[i] < los_r[j])
            behind = his_l[i] > his_r[j] or (his_l[i] == his_r[j] and los_l[i] > los_r[j])
            in_left, in_right = not behind, not before
        p_end, q_end = p, q
        if in_right:
            his[contracts], los[contracts] = his_r[j], los_r[j]
            q_end = _number(ends_r, j, ends_r_bytes)
            j += U(1)
        if in_left:
            his[contracts], los[contracts] = his_l[i], los_l[i]
            p_end = _number(ends_l, i, ends_l_bytes)
            i += U(1)
        while p < p_end or q < q_end:
            app_l = codes_l[entries_l[p] >> _APP_SHIFT] if p < p_end else _NO_APP
            app_r = codes_r[entries_r[q] >> _APP_SHIFT] if q < q_end else _NO_APP
            lines = seconds = bits = U(0)
            if app_l <= app_r:
                lines, seconds = _lines(entries_l[p]), _seconds(entries_l[p])
                bits = _number(days_l, p, days_l_bytes) << left_later
                p += U(1)
            if app_r < app_l or (
                app_r == app_l
                and lines + _lines(entries_r[q]) <= _MOST_LINES
                and seconds + _seconds(entries_r[q]) <= _MOST_SECONDS
            ):
                lines += _lines(entries_r[q])
                seconds += _seconds(entries_r[q])
                bits |= _number(days_r, q, days_r_bytes) << right_later
                q += U(1)
            entries[groups] = _entry(min(app_l, app_r), lines, seconds)
            _write(target[_DAYS], groups, target[_DAYS_BYTES], bits)
            groups += U(1)
        _write(target[_ENDS], contracts, target[_ENDS_BYTES], groups)
        contracts += U(1)
    target[_CONTRACTS], target[_GROUPS] = contracts, groups
    return U(0)


@njit
def _count(figures, columns, seen):
    """Count a contract, and its seconds, in the places where it was seen."""
    for place in range(columns):
        if (seen >> place) & U(1):
            figures[place, U(0)] += U(1)
            figures[place, U(2)] += figures[place, U(3)]


def pivot_table(
    table_at, places_at, apps, nobody_at, columns, shown,
    hi_at, lo_at, active_at, seconds_at, figures_at,
):  # fmt: skip
    """Add up a table by contract and the place that each app has; returns how many are shown.

    Contracts that mean nobody fall into the last place, whatever they watch. Those with a group in
    one of the first places, which are shown, are written down, with their seconds there and their
    days in the places before the last two, if there is an address for these. ``figures`` has four
    words for each place, its contracts, lines and seconds and one to work with, and behind them two
    for each app: lines and seconds of contracts that are somebody.
    """
    table = _table(table_at)
    contracts, ends, ends_bytes = table[_CONTRACTS], table[_ENDS], table[_ENDS_BYTES]
    days, days_bytes = table[_DAYS], table[_DAYS_BYTES]
    his, los, entries = _column(table, _HI), _column(table, _LO), _column(table, _ENTRIES)
    places = carray(words_at(places_at), apps)
    shown_his, shown_los = carray(words_at(hi_at), contracts), carray(words_at(lo_at), contracts)
    active = carray(words_at(active_at), contracts)
    seconds_of = carray(words_at(seconds_at), (shown, contracts))
    figures = carray(words_at(figures_at), (columns, U(4)))
    by_app = carray(words_at(figures_at + U(32) * columns), (apps, U(2)))
    group = row = U(0)
    for contract in range(contracts):
        is_nobody = _number(nobody_at, contract, U(1)) != U(0)
        seen = active_days = U(0)
        end = _number(ends, contract, ends_bytes)
        while group < end:
            app = entries[group] >> _APP_SHIFT
            lines, seconds = _lines(entries[group]), _seconds(entries[group])
            place = places[app]
            if is_nobody:
                place = columns - U(1)
            else:
                by_app[app, U(0)] += lines
                by_app[app, U(1)] += seconds
                if place + U(2) < columns:
                    active_days |= _number(days, group, days_bytes)
            figures[place, U(1)] += lines
            figures[place, U(3)] += seconds
            seen |= U(1) << place
            group += U(1)
        _count(figures, columns, seen)
        is_shown = seen & ((U(1) << shown) - U(1)) != U(0)
        if is_shown:
            shown_his[row], shown_los[row] = his[contract], los[contract]
            if active_at != U(0):
                active[row] = active_days
            for place in range(shown):
                seconds_of[place, row] = figures[place, U(3)]
            row += U(1)
        for place in range(columns):
            figures[place, U(3)] = U(0)
    return row
