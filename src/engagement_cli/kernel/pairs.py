"""Pairs of a contract and a device in order: a million united in some milliseconds."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engagement_cli.kernel.layout import REFUSED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engagement_cli.kernel.layout import Words


class Pairs(NamedTuple):
    """Pairs in order of these words, each once; every column uint64, shape (n,), contiguous.

    Attributes:
        hi: With ``lo`` the packed contract of each pair.
        lo: The next bytes.
        mac_hi: With ``mac_lo`` its packed device.
        mac_lo: The next bytes.
    """

    hi: Words
    lo: Words
    mac_hi: Words
    mac_lo: Words

    @classmethod
    def room(cls, count: int) -> Pairs:
        """Columns with room for so many; what is not used costs no memory."""
        return cls(*(np.empty(count, np.uint64) for _ in range(4)))

    @property
    def size(self) -> int:
        """How many pairs they are."""
        return len(self.hi)

    def first(self, count: int) -> Pairs:
        """The first so many."""
        return Pairs(*(column[:count] for column in self))

    def described(self) -> Words:
        """What a loop is told of them."""
        return np.array([column.ctypes.data for column in self], np.uint64)


def in_order(rows: Words, *, by_contract: bool = False) -> Pairs:
    """Rows in order, each once.

    Args:
        rows: Shape (n, 4): the columns of ``Pairs``, contiguous. They are put in order themselves.
        by_contract: Whether they are in order by contract already.
    """
    from engagement_cli.kernel import native  # noqa: PLC0415 # loads machine code

    pairs = Pairs.room(len(rows))
    sort = native.loop("sort_macs" if by_contract else "sort_pairs")
    return pairs.first(sort(rows, len(rows), np.empty_like(rows), pairs.described()))


def united(left: Pairs, right: Pairs) -> Pairs:
    """The union of both."""
    from engagement_cli.kernel import native  # noqa: PLC0415 # loads machine code

    room = Pairs.room(left.size + right.size)
    unite = native.loop("unite_pairs")
    count = unite(left.described(), left.size, right.described(), right.size, room.described())
    return room.first(count)


def counts(hi: Words, lo: Words, asked_hi: Words, asked_lo: Words) -> NDArray[np.int64] | None:
    """How many pairs each of some contracts has; None where these are not in order.

    Args:
        hi: With ``lo`` the contracts of all pairs, in order.
        lo: The next bytes.
        asked_hi: With ``asked_lo`` the contracts that are asked for, each once.
        asked_lo: The next bytes.
    """
    from engagement_cli.kernel import native  # noqa: PLC0415 # loads machine code

    found = np.empty(len(asked_hi), np.int64)
    count = native.loop("count_pairs")
    asked = asked_hi, asked_lo, len(asked_hi)
    return None if count(hi, lo, len(hi), *asked, found) == REFUSED else found


class Runs:
    """Unites pairs in order, short ones first, so that long ones are seldom copied.

    Any thread may add.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[Pairs] = []

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, run: Pairs) -> None:
        """Add one, merged with those that are not much longer."""
        while (other := self._not_longer_than(2 * run.size, run)) is not None:
            run = united(other, run)

    def total(self) -> Pairs:
        """The union of all; nobody may be adding meanwhile."""
        while len(self._waiting) > 1:
            self._waiting.sort(key=lambda run: run.size, reverse=True)
            self._waiting.append(united(self._waiting.pop(), self._waiting.pop()))
        return self._waiting[0] if self._waiting else Pairs.room(0)

    def _not_longer_than(self, count: int, run: Pairs) -> Pairs | None:
        """Take one that waits and is not longer; where there is none, let ``run`` wait."""
        with self._lock:
            for at, other in enumerate(self._waiting):
                if other.size <= count:
                    return self._waiting.pop(at)
            self._waiting.append(run)
            return None
