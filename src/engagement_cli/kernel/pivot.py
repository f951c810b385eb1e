"""Groups to columns: what each contract watched of each category, in one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engagement_cli.kernel.layout import Words

MAX_PLACES = 64
"""Places that can be told apart: one bit each."""


class Pivoted(NamedTuple):
    """Groups of n contracts and a apps, added up by p places.

    Attributes:
        seconds: int64, shape (p, n).
        seen: bool, shape (p, n): whether there is a group.
        lines: int64, shape (p,).
        app_lines: int64, shape (a,): those of contracts that are somebody.
        app_seconds: int64, shape (a,): likewise.
    """

    seconds: NDArray[np.int64]
    seen: NDArray[np.bool_]
    lines: NDArray[np.int64]
    app_lines: NDArray[np.int64]
    app_seconds: NDArray[np.int64]


def pivoted(
    rows: Words, place_of_app: NDArray[np.integer], nobody: NDArray[np.bool_], places: int
) -> Pivoted:
    """Add up groups by contract and by the place of their app.

    Args:
        rows: The groups in order, shape (g, 4), as ``layout.Row`` says; all their seconds together
            fit int64.
        place_of_app: The place of each app, below ``places - 1``.
        nobody: For each contract in order, whether all it has falls into the last place.
        places: How many there are, ``MAX_PLACES`` at most.
    """
    from engagement_cli.kernel import native  # noqa: PLC0415 # loads machine code

    apps, contracts = len(place_of_app), len(nobody)
    seconds = np.zeros((places, contracts), np.int64)
    bits = np.zeros(contracts, np.uint64)
    counts = np.zeros(places + 2 * apps, np.int64)
    native.load()["pivot_rows"](
        rows, len(rows), place_of_app.astype(np.uint64), apps, nobody.astype(np.uint64), contracts,
        places, seconds, bits, counts,
    )  # fmt: skip
    seen = np.empty(seconds.shape, np.bool_)
    for place in range(places):
        seen[place] = bits & np.uint64(1 << place)
    by_app = counts[places:].reshape(apps, 2)
    return Pivoted(seconds, seen, counts[:places], by_app[:, 0], by_app[:, 1])
