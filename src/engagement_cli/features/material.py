"""What features are computed from: the totals of a result, its days, its devices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

P = TypeVar("P")

_EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Days since 1970-01-01, as Arrow counts them."""
    return (day - _EPOCH).days


@dataclass(frozen=True, slots=True)
class Extent:
    """The days that a result is about.

    Attributes:
        first: The first day of the asked range, else the first day present.
        last: The last day of the asked range, else the last day present.
        days: The days from first to last if a range was asked for, else the days present.
    """

    first: date
    last: date
    days: int

    @classmethod
    def of(cls, present: Sequence[date], since: date | None, until: date | None) -> Extent:
        """The extent of a range that may be open at either side; some day is present."""
        first, last = since or min(present), until or max(present)
        asked = since is not None or until is not None
        return cls(first, last, (last - first).days + 1 if asked else len(set(present)))


@dataclass(frozen=True, slots=True, eq=False)
class ActiveDays:
    """When n contracts were active.

    Attributes:
        days: int64, shape (n,): how many days.
        first: int64, shape (n,): the first of them, as days since 1970-01-01; where there are
            days.
        last: int64, shape (n,): the last of them.
    """

    days: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]


@dataclass(frozen=True)
class Material:
    """What the features of n contracts are computed from.

    Attributes:
        seconds: int64 seconds by column, each of shape (n,); the categories in order, and behind
            them the other column where unmapped apps are kept.
        names: What each category is called.
        parameters: The parameters of each feature, by their type.
        extent: The days that the totals are about, where they are known.
        active: When each contract was active, where a feature needs it.
        devices: int64, shape (n,): how many devices each contract had, where a feature needs it.
    """

    seconds: Mapping[str, NDArray[np.int64]]
    names: Sequence[str]
    parameters: Mapping[type[Any], Any]
    extent: Extent | None = None
    active: ActiveDays | None = None
    devices: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.total)

    @cached_property
    def total(self) -> NDArray[np.int64]:
        """Seconds of each contract; int64, shape (n,)."""
        return reduce(np.add, self.seconds.values())

    @cached_property
    def by_category(self) -> list[NDArray[np.int64]]:
        """Seconds of each category, in order, each int64, shape (n,)."""
        return list(self.seconds.values())[: len(self.names)]

    def of(self, parameters: type[P]) -> P:
        """The parameters in force."""
        found: P = self.parameters[parameters]
        return found

    @property
    def activity(self) -> ActiveDays:
        """When each contract was active; a feature that asks has said that it needs days."""
        assert self.active is not None
        return self.active

    @property
    def range(self) -> Extent:
        """The days that the totals are about; likewise."""
        assert self.extent is not None
        return self.extent
