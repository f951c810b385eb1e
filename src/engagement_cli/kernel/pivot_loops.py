# Numba infers the types, and refuses to compile what has none.
# mypy: ignore-errors
# A compiled loop takes addresses and counts one by one, and a call in it costs time.
# ruff: noqa: PLR0917
"""The loop that adds the groups of each contract up by category. Numba reads it.

Like the other loops it knows addresses and words only; :mod:`~engagement_cli.kernel.pivot` owns the
arrays.
"""

from __future__ import annotations

import numpy as np
from numba import carray

from engagement_cli.kernel import layout
from engagement_cli.kernel.layout import Row
from engagement_cli.kernel.simd import words_at

U = np.uint64

_HI, _LO, _TAG, _SECONDS = (U(i) for i in Row)
_ROW_WORDS = U(len(Row))
_TAG_SHIFT, _LINES_MASK = U(layout.TAG_SHIFT), U(layout.LINES_MASK)


def pivot_rows(
    rows_at, count, places_at, apps, nobody_at, contracts, columns, seconds_at, seen_at, lines_at
):  # fmt: skip
    """Add up groups in order, by contract and the place that their app has.

    Contracts that mean nobody fall into the last place, whatever they watch. ``lines`` holds the
    lines of each place, and behind them lines and seconds of each app that somebody watched.
    """
    rows = carray(words_at(rows_at), (count, _ROW_WORDS))
    places = carray(words_at(places_at), apps)
    nobody = carray(words_at(nobody_at), contracts)
    seconds = carray(words_at(seconds_at), (columns, contracts))
    seen = carray(words_at(seen_at), contracts)
    lines = carray(words_at(lines_at), columns)
    by_app = carray(words_at(lines_at + U(8) * columns), (apps, U(2)))
    contract = U(0)
    for i in range(count):
        if i and (rows[i, _HI] != rows[i - 1, _HI] or rows[i, _LO] != rows[i - 1, _LO]):
            contract += U(1)
        app = rows[i, _TAG] >> _TAG_SHIFT
        place = places[app]
        if nobody[contract] != U(0):
            place = columns - U(1)
        else:
            by_app[app, U(0)] += rows[i, _TAG] & _LINES_MASK
            by_app[app, U(1)] += rows[i, _SECONDS]
        seconds[place, contract] += rows[i, _SECONDS]
        seen[contract] |= U(1) << place
        lines[place] += rows[i, _TAG] & _LINES_MASK
    return contract
