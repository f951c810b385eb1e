# Numba infers the types, and refuses to compile what has none.
# mypy: ignore-errors
# A compiled loop takes addresses and counts one by one, and a call in it costs time.
# ruff: noqa: PLR0917
"""The loops over compact tables: made of groups, added up, shown by category. Numba reads them.

Like :mod:`~engagement_cli.kernel.scan_loops` they know addresses and words only;
:mod:`~engagement_cli.kernel.compact` owns the arrays.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np
from numba import carray

from engagement_cli.kernel import layout
from engagement_cli.kernel.layout import Row, Size, Table
from engagement_cli.kernel.simd import inlined, load8, store8, words_at

U = np.uint64

_ROW_WORDS = U(len(Row))
_HI, _LO, _TAG, _SECONDS = (U(i) for i in Row)
_TAG_SHIFT, _LINES_MASK = U(layout.TAG_SHIFT), U(layout.LINES_MASK)
_TABLE_WORDS, _SIZE_WORDS = U(len(Table)), U(len(Size))
_CONTRACTS, _GROUPS, _MOST_ENTRIES = U(Table.CONTRACTS), U(Table.GROUPS), U(Table.MOST_ENTRIES)
_ALL_DAYS = U(Table.ALL_DAYS)
_WORD_BYTES, _WORD_BITS = U(8), U(64)
_ALL = U(2**64 - 1)
_NO_APP = _ALL
"""Behind every app."""

# --- reading and writing tables ---------------------------------------------------------------

_Opened = namedtuple("_Opened", [word.name.lower() for word in Table])  # noqa: PYI024 - Numba's
"""The words that describe a table."""


@inlined
def _words(address):
    return carray(words_at(address), _TABLE_WORDS)


@inlined
def _opened(address):
    t = _words(address)
    return _Opened(
        t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9], t[10], t[11], t[12], t[13],
        t[14],
    )  # fmt: skip


@inlined
def _close(address, contracts, groups, most, days):
    """Tell what stands in a table that was written."""
    words = _words(address)
    words[_CONTRACTS], words[_GROUPS] = contracts, groups
    words[_MOST_ENTRIES], words[_ALL_DAYS] = most, days


@inlined
def _number(at, place, size):
    """A number of so many bytes in a column of such."""
    return load8(at + place * size) & (_ALL >> (_WORD_BITS - U(8) * size))


@inlined
def _write(at, place, size, number):
    """Write a number into a column that is filled from front to back."""
    store8(at + place * size, number)


@inlined
def _contract(table, place):
    """The two words of a contract."""
    lo = _number(table.lo, place, table.lo_bytes) << (_WORD_BITS - U(8) * table.lo_bytes)
    return load8(table.hi + place * _WORD_BYTES), lo


@inlined
def _write_contract(table, place, hi, lo):
    store8(table.hi + place * _WORD_BYTES, hi)
    _write(table.lo, place, table.lo_bytes, lo >> (_WORD_BITS - U(8) * table.lo_bytes))


@inlined
def _count(table, place):
    """How many entries a contract has."""
    return _number(table.counts, place, table.counts_bytes)


@inlined
def _most(lines_shift, app_shift):
    """The most lines and the most seconds of an entry."""
    return ~(_ALL << (app_shift - lines_shift)), ~(_ALL << lines_shift)


@inlined
def _entry(table, place):
    """The app, the lines and the seconds of an entry."""
    entry = _number(table.entries, place, table.entry_bytes)
    most_lines, most_seconds = _most(table.lines_shift, table.app_shift)
    return entry >> table.app_shift, (entry >> table.lines_shift) & most_lines, entry & most_seconds


@inlined
def _days(table, place):
    return _number(table.days, place, table.days_bytes)


@inlined
def _write_entry(table, place, app, lines, seconds, days):
    entry = (app << table.app_shift) | (lines << table.lines_shift) | seconds
    _write(table.entries, place, table.entry_bytes, entry)
    _write(table.days, place, table.days_bytes, days)


# --- making and adding tables -----------------------------------------------------------------


def measure_rows(rows_at, count, lines_shift, app_shift, size_at):
    """Find out how large a table of groups in order is, whose entries are made up like this."""
    rows = carray(words_at(rows_at), (count, _ROW_WORDS))
    size = carray(words_at(size_at), _SIZE_WORDS)
    most_lines, most_seconds = _most(lines_shift, app_shift)
    contracts = own = most = entries = los = U(0)
    for i in range(count):
        if i == U(0) or not _is_same(rows, i, i - U(1)):
            contracts += U(1)
            own = U(0)
        lines, seconds, several = rows[i, _TAG] & _LINES_MASK, rows[i, _SECONDS], U(1)
        if lines > most_lines or seconds > most_seconds:
            several = max(_parts(lines, most_lines), _parts(seconds, most_seconds))
        own += several
        entries += several
        most = max(most, own)
        los |= rows[i, _LO]
    size[0], size[1], size[2], size[3] = contracts, most, entries, los
    return U(0)


@inlined
def _is_same(rows, i, j):
    """Whether two rows are of one contract."""
    return rows[i, _HI] == rows[j, _HI] and rows[i, _LO] == rows[j, _LO]


@inlined
def _parts(number, most):
    """How many parts a number has if each is so large at most."""
    return number // most + U(number % most != U(0))


def compact_rows(rows_at, count, days, table_at):
    """Make a table of groups in order, all of the same days."""
    rows, table = carray(words_at(rows_at), (count, _ROW_WORDS)), _opened(table_at)
    most_lines, most_seconds = _most(table.lines_shift, table.app_shift)
    contracts = groups = own = most = U(0)
    for i in range(count):
        if i == U(0) or not _is_same(rows, i, i - U(1)):
            _write_contract(table, contracts, rows[i, _HI], rows[i, _LO])
            contracts += U(1)
            own = U(0)
        lines, seconds = rows[i, _TAG] & _LINES_MASK, rows[i, _SECONDS]
        while lines or seconds:
            some_lines, some_seconds = min(lines, most_lines), min(seconds, most_seconds)
            _write_entry(table, groups, rows[i, _TAG] >> _TAG_SHIFT, some_lines, some_seconds, days)
            lines -= some_lines
            seconds -= some_seconds
            groups += U(1)
            own += U(1)
        most = max(most, own)
        _write(table.counts, contracts - U(1), table.counts_bytes, own)
    _close(table_at, contracts, groups, most, days)
    return U(0)


@inlined
def _next(left, i, right, j):
    """The contract that comes next in two tables, and which of them has it."""
    in_left, in_right = i < left.contracts, j < right.contracts
    hi = lo = U(0)
    if in_right:
        hi, lo = _contract(right, j)
    if in_left:
        hi_l, lo_l = _contract(left, i)
        if in_right:
            before, behind = hi_l < hi, hi_l > hi
            if hi_l == hi:
                before, behind = lo_l < lo, lo_l > lo
            in_left, in_right = not behind, not before
        if in_left:
            hi, lo = hi_l, lo_l
    return hi, lo, in_left, in_right


def merge_tables(
    left_at, left_codes_at, left_later, right_at, right_codes_at, right_later, target_at
):  # fmt: skip
    """Add up two tables, of which each app has the code in the target that ``codes`` gives.

    These codes keep the order of the apps. The first day of a side is so many days ``later`` than
    that of the target.
    """
    left, right, target = _opened(left_at), _opened(right_at), _opened(target_at)
    codes_l, codes_r = carray(words_at(left_codes_at), U(1)), carray(words_at(right_codes_at), U(1))
    most_lines, most_seconds = _most(target.lines_shift, target.app_shift)
    i = j = p = q = contracts = groups = most = all_days = U(0)
    while i < left.contracts or j < right.contracts:
        hi, lo, in_left, in_right = _next(left, i, right, j)
        _write_contract(target, contracts, hi, lo)
        p_end, q_end, first = p, q, groups
        if in_left:
            p_end += _count(left, i)
            i += U(1)
        if in_right:
            q_end += _count(right, j)
            j += U(1)
        while p < p_end or q < q_end:
            app_l = app_r = _NO_APP
            lines = seconds = days = more_lines = more_seconds = U(0)
            if p < p_end:
                app_l, lines, seconds = _entry(left, p)
                app_l = codes_l[app_l]
            if q < q_end:
                app_r, more_lines, more_seconds = _entry(right, q)
                app_r = codes_r[app_r]
            if app_l <= app_r:
                days = _days(left, p) << left_later
                p += U(1)
            else:
                lines = seconds = U(0)
            if app_r < app_l or (
                app_r == app_l
                and lines + more_lines <= most_lines
                and seconds + more_seconds <= most_seconds
            ):
                lines += more_lines
                seconds += more_seconds
                days |= _days(right, q) << right_later
                q += U(1)
            _write_entry(target, groups, min(app_l, app_r), lines, seconds, days)
            all_days |= days
            groups += U(1)
        most = max(most, groups - first)
        _write(target.counts, contracts, target.counts_bytes, groups - first)
        contracts += U(1)
    _close(target_at, contracts, groups, most, all_days)
    return U(0)


# --- showing tables by category ---------------------------------------------------------------


@inlined
def _add(table, first, count, codes, places, later, figures, unmapped, by_app, with_days):
    """Add up entries of a contract by place; where it was seen, and on which days, if wanted."""
    seen = days = U(0)
    for at in range(first, first + count):
        app, lines, seconds = _entry(table, at)
        place = places[codes[app]]
        figures[place, U(1)] += lines
        figures[place, U(3)] += seconds
        seen |= U(1) << place
        if place == unmapped:
            by_app[codes[app], U(0)] += lines
            by_app[codes[app], U(1)] += seconds
        if with_days and place < unmapped:
            days |= _days(table, at) << later
    return seen, days


def pivot_tables(
    left_at, left_codes_at, left_later, right_at, right_codes_at, right_later,
    places_at, apps, nobodies_at, nobodies, columns, shown,
    hi_at, lo_at, active_at, seconds_at, figures_at,
):  # fmt: skip
    """Add up two tables by contract and the place that each app has; returns how many are shown.

    Apps and days of a side are told as ``merge_tables`` is. The last place but one is that of
    unmapped apps. Contracts that mean nobody, which stand in order with the first word before the
    second, fall into the last one, whatever they watch: ``places`` tells the place of each app, and
    then that of each app of nobody. Those with a group in one of the first places, which are shown,
    are written down, with their seconds there and their days in the places before the last two, if
    there is an address for these. ``figures`` has four words for each place, its contracts, lines
    and seconds and one to work with, and behind them two for each app that is unmapped: lines and
    seconds.
    """
    left, right = _opened(left_at), _opened(right_at)
    room, with_days = left.contracts + right.contracts, active_at != U(0)
    codes_l, codes_r = carray(words_at(left_codes_at), U(1)), carray(words_at(right_codes_at), U(1))
    nobody = carray(words_at(nobodies_at), (nobodies, U(2)))
    shown_his, shown_los = carray(words_at(hi_at), room), carray(words_at(lo_at), room)
    active = carray(words_at(active_at), room)
    seconds_of = carray(words_at(seconds_at), (shown, room))
    figures = carray(words_at(figures_at), (columns, U(4)))
    by_app = carray(words_at(figures_at + U(32) * columns), (apps, U(2)))
    unmapped = columns - U(2)
    i = j = p = q = row = met = U(0)
    while i < left.contracts or j < right.contracts:
        hi, lo, in_left, in_right = _next(left, i, right, j)
        is_nobody = met < nobodies and nobody[met, U(0)] == hi and nobody[met, U(1)] == lo
        met += U(is_nobody)
        places = carray(words_at(places_at + U(8) * apps * U(is_nobody)), apps)
        seen = days = U(0)
        if in_left:
            count = _count(left, i)
            seen, days = _add(
                left, p, count, codes_l, places, left_later, figures, unmapped, by_app, with_days
            )
            p += count
            i += U(1)
        if in_right:
            count = _count(right, j)
            seen_r, days_r = _add(
                right, q, count, codes_r, places, right_later, figures, unmapped, by_app, with_days
            )
            seen |= seen_r
            days |= days_r
            q += count
            j += U(1)
        is_shown = seen & ((U(1) << shown) - U(1)) != U(0)
        if is_shown:
            shown_his[row], shown_los[row] = hi, lo
            if with_days:
                active[row] = days
            for place in range(shown):
                seconds_of[place, row] = figures[place, U(3)]
        row += U(is_shown)
        for place in range(columns):
            figures[place, U(0)] += (seen >> place) & U(1)
            figures[place, U(2)] += figures[place, U(3)]
            figures[place, U(3)] = U(0)
    return row
