"""Fractions of integers as decimals: rounded once, half to even, exact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EXACT = 2**53
"""Up to here a float holds every integer; beyond, Python's integers do the sum."""


def rounded(
    numerators: NDArray[np.int64], denominators: NDArray[np.int64] | int, decimals: int
) -> NDArray[np.float64]:
    """The quotients with so many decimals.

    Args:
        numerators: int64, shape (n,), none negative.
        denominators: int64, shape (n,), or one for all; all positive.
        decimals: How many decimals to keep.

    Returns:
        float64, shape (n,): of all floats the nearest to the rounded decimal, so that it prints
        with no more decimals than asked for.
    """
    scale = 10**decimals
    below: Any = np.broadcast_to(np.asarray(denominators), numerators.shape)
    above: Any = numerators
    if len(above) and max(int(above.max()), int(below.max())) * scale > _EXACT:
        above, below = above.astype(object), below.astype(object)
    quotient, rest = above * scale // below, above * scale % below
    up = (2 * rest > below) | ((2 * rest == below) & (quotient % 2 == 1))
    result: NDArray[np.float64] = ((quotient + up) / scale).astype(np.float64)
    return result
