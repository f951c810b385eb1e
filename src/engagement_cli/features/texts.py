"""Columns of text that has few different values, made from columns of integers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

_MOST_KINDS = 2**62


def chosen(codes: NDArray[Any], texts: Sequence[str]) -> pa.Array:
    """The text that each code points to; Arrow large_string, shape (n,)."""
    import pyarrow as pa  # noqa: PLC0415 - reading begins without

    return pa.array(texts, pa.large_string()).take(pa.array(codes))


def composed(
    columns: Sequence[NDArray[Any]], size: int, compose: Callable[[list[int]], str]
) -> pa.Array:
    """A text for each row, composed once for all rows that are equal in all columns.

    Args:
        columns: Small integers or truth values, each of shape (n,).
        size: A number above all of them.
        compose: Called with a row.

    Returns:
        Arrow large_string, shape (n,).
    """
    import pandas as pd  # noqa: PLC0415 - reading begins without

    codes, kinds = np.zeros(len(columns[0]), np.int64), 1
    for column in columns:
        if kinds > _MOST_KINDS // size:
            codes, distinct = pd.factorize(codes)
            kinds = len(distinct)
        codes, kinds = codes * size + column, kinds * size
    codes, _ = pd.factorize(codes)
    _, first = np.unique(codes, return_index=True)
    rows = zip(*(column[first].tolist() for column in columns), strict=True)
    return chosen(codes, [compose(list(row)) for row in rows])
