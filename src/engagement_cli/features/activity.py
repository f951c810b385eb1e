"""When contracts were active: a fold over complete days.

The days of a contract are bits of a number, 32 days in each. Every complete day adds its own bit
once, so that adding is uniting, and the algebra of sums serves as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engagement_cli.aggregate import Partial, Sum
from engagement_cli.features.material import ActiveDays, day_number
from engagement_cli.kernel.layout import rows_of

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from engagement_cli.compact import DayBits
    from engagement_cli.contracts import Contracts

_WORD_DAYS = 32
"""Bits of a word: so few that the words of two billion contracts add up without overflow."""


def active_days(days: DayBits) -> ActiveDays:
    """When contracts were active."""
    bits, first = days.bits, day_number(days.first)
    highest = bits.copy()
    for width in (1, 2, 4, 8, 16, 32):
        highest |= highest >> np.uint64(width)
    never = bits == 0
    lowest = np.bitwise_count(~bits & (bits - np.uint64(1)))
    return ActiveDays(
        np.bitwise_count(bits).astype(np.int64),
        np.where(never, 0, first + lowest.astype(np.int64)),
        np.where(never, 0, first - 1 + np.bitwise_count(highest).astype(np.int64)),
    )


class Activity:
    """Collects the days on which contracts were active."""

    def __init__(self, first: date, *, compiled: bool = False) -> None:
        """Begin with no day.

        Args:
            first: The first day that can come.
            compiled: Whether to add with machine code, which pays for many contracts.
        """
        self._first = day_number(first)
        self._sum = Sum(compiled=compiled)

    def add(self, day: date, contracts: Contracts) -> None:
        """Add one complete day, once: the contracts that were active on it, each once."""
        word, bit = divmod(day_number(day) - self._first, _WORD_DAYS)
        app = np.zeros(len(contracts), np.int64)
        bits = np.full(len(contracts), 1 << bit, np.int64)
        rows = rows_of(contracts.hi, contracts.lo, app, bits)
        self._sum.add(Partial(rows, (str(word),), contracts.long))

    def all(self) -> tuple[Contracts, ActiveDays]:
        """Every contract that was ever active, in order, and when it was."""
        words = self._sum.total()
        starts = np.flatnonzero(words.contracts.starts())
        contracts = words.contracts.take(starts)
        if not len(starts):
            none = np.zeros(0, np.int64)
            return contracts, ActiveDays(none, none, none)
        bits = words.seconds
        number = np.array([int(word) for word in words.apps])[words.app] * _WORD_DAYS + self._first
        return contracts, ActiveDays(
            np.add.reduceat(np.bitwise_count(bits).astype(np.int64), starts),
            np.minimum.reduceat(number + _lowest(bits), starts),
            np.maximum.reduceat(number + _highest(bits), starts),
        )

    def of(self, contracts: Contracts) -> ActiveDays:
        """The active days of these contracts; none where a contract was never active."""
        known, active = self.all()
        at = known.places_of(contracts)
        columns = (active.days, active.first, active.last)
        return ActiveDays(*(np.where(at < 0, 0, np.append(column, 0)[at]) for column in columns))


def _lowest(bits: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of the lowest bit."""
    below: NDArray[np.int64] = np.bitwise_count((bits & -bits) - 1).astype(np.int64)
    return below


def _highest(bits: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of the highest bit; exact, since a float holds so few bits."""
    return np.frexp(bits.astype(np.float64))[1].astype(np.int64) - 1
