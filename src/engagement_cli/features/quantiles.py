"""Exact quantiles of integers, by the method NumPy and R call linear, or type 7.

Of n values in order, from place 0, the quantile p is the value at place ``p * (n - 1)``; between
two places it moves linearly from one value to the other. Hyndman and Fan, Sample quantiles in
statistical packages, The American Statistician 50 (1996), definition 7.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def quantiles(values: NDArray[np.int64], shares: Sequence[Fraction]) -> list[Fraction]:
    """The quantiles of int64 values, shape (n,), at shares from 0 to 1; of no values, zeros."""
    if not len(values):
        return [Fraction(0)] * len(shares)
    places = [share * (len(values) - 1) for share in shares]
    around = sorted({place for exact in places for place in (int(exact), ceil(exact))})
    ordered = np.partition(values, around)
    found = {place: int(ordered[place]) for place in around}
    return [
        found[int(place)] + (place - int(place)) * (found[ceil(place)] - found[int(place)])
        for place in places
    ]


def reached(values: NDArray[np.int64], bounds: Sequence[Fraction]) -> NDArray[np.int64]:
    """How many of the bounds each value reaches; int64, shape (n,)."""
    count = np.zeros(len(values), np.int64)
    for bound in bounds:
        count += values >= ceil(bound)
    return count
