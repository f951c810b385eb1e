"""Figures by day, week or month: how much was watched, by how many, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from engagement_cli.aggregate import Partial
from engagement_cli.devices import Devices
from engagement_cli.features.activity import Activity
from engagement_cli.frames import check_names, frame_of
from engagement_cli.pivot import Mapped
from engagement_cli.rounding import rounded
from engagement_cli.schema import DAY, LINES, SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from engagement_cli.categories import CategoryTable
    from engagement_cli.features.material import Extent
    from engagement_cli.units import Unit

Period = Literal["day", "week", "month"]
PERIODS: tuple[Period, ...] = get_args(Period)
AVERAGE = "AvgDurationPerContract"
"""Column of seconds over contracts."""
UNMAPPED = "UnmappedDuration"
"""Column of the seconds of unmapped apps."""
_EPOCH = date(1970, 1, 1)
_AVERAGE_DECIMALS = 2


def begin(day: date, period: Period) -> date:
    """The first day of the period that a day lies in; weeks begin on Monday."""
    if period == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if period == "month" else day


@dataclass(frozen=True, slots=True)
class _Counts:
    """What a period adds up to.

    Attributes:
        lines: Lines that count.
        contracts: Contracts with such a line.
        seconds: Seconds in each column.
        watchers: Contracts with a line in each column.
        unmapped: Seconds of unmapped apps, whether they count or not.
        devices: Different devices of these contracts, where they are counted.
    """

    lines: int
    contracts: int
    seconds: Sequence[int]
    watchers: Sequence[int]
    unmapped: int
    devices: int


class Figures:
    """Collects complete days, in order, and gives one row a period."""

    def __init__(
        self,
        table: CategoryTable,
        extent: Extent,
        period: Period,
        *,
        present: Iterable[date] = (),
        keep_unmapped: bool = False,
        with_devices: bool = False,
        compiled: bool = False,
    ) -> None:
        """Begin with no day.

        Args:
            table: The category table.
            extent: The days that will come.
            period: What one row is about.
            present: The days that have a file; some may never be added, since their lines are
                those of another day's file and count there.
            keep_unmapped: Whether unmapped apps count, in the table's ``other`` column.
            with_devices: Whether devices are counted; each day then brings its own.
            compiled: Whether to add with machine code, which pays for many lines.
        """
        self._table = table
        self._extent = extent
        self._period: Period = period
        self._with_devices = with_devices
        self._columns = [*table.columns, table.other][: len(table.columns) + keep_unmapped]
        self._activity = Activity(extent.first, compiled=compiled)
        self._present = frozenset(present)
        self._last: date | None = None
        self._pending: list[tuple[Partial, Devices]] = []
        self._counts: dict[date, _Counts] = {}

    def add(self, day: date, groups: Mapped, devices: Devices | None = None) -> None:
        """Add one complete day, once."""
        if self._last and begin(self._last, self._period) != begin(day, self._period):
            self._close()
        self._last = day
        self._pending.append((groups.partial, devices or Devices.empty()))
        self._activity.add(day, groups.having(groups.code < len(self._columns)))

    def frame(self, unit: Unit) -> pd.DataFrame:
        """One row a period of the extent, in order.

        Returns:
            Date (the first day of the period, date32); Lines, Contracts, NewContracts (int64);
            TotalDuration, then duration and contracts of each column, and UnmappedDuration (int64
            seconds, or float64 in another unit); UniqueDevices, if they are counted: the devices
            that accepted lines of these contracts name, of whatever app (int64);
            AvgDurationPerContract (float64, rounded once, half to even); and Missing, how many
            days of the period inside the extent have no file (int64).
        """
        import pyarrow as pa  # noqa: PLC0415 - reading begins without

        self._close()
        new = self._new_contracts()
        missing = self._missing()
        none = [0] * len(self._columns)
        rows = [self._counts.get(start, _Counts(0, 0, none, none, 0, 0)) for start in missing]
        columns: list[tuple[str, Any]] = [
            (DAY, pa.array(list(missing), pa.date32())),
            (LINES, [row.lines for row in rows]),
            ("Contracts", [row.contracts for row in rows]),
            ("NewContracts", [new.get(start, 0) for start in missing]),
            (SECONDS, [sum(row.seconds) for row in rows]),
        ]
        for place, column in enumerate(self._columns):
            watchers = column.removesuffix("Duration") + "Contracts"
            columns += [
                (column, [row.seconds[place] for row in rows]),
                (watchers, [row.watchers[place] for row in rows]),
            ]
        columns.append((UNMAPPED, [row.unmapped for row in rows]))
        if self._with_devices:
            columns.append(("UniqueDevices", [row.devices for row in rows]))
        columns += [(AVERAGE, _average(rows, unit)), ("Missing", list(missing.values()))]
        check_names("The figures", (name for name, _ in columns))
        return unit.convert(frame_of(dict(columns)), [SECONDS, *self._columns, UNMAPPED])

    def _close(self) -> None:
        """Count the period whose days are pending."""
        if not self._pending or self._last is None:
            return
        partials, devices = zip(*self._pending, strict=True)
        total = partials[0] if len(partials) == 1 else Partial.sum(partials)
        start = begin(self._last, self._period)
        self._counts[start] = self._count(Mapped(total, self._table), Devices.union(devices))
        self._pending = []

    def _count(self, groups: Mapped, devices: Devices) -> _Counts:
        partial, columns = groups.partial, len(self._columns)
        counted = groups.code < columns
        contracts = groups.having(counted)
        seconds = np.zeros(len(self._table.categories) + 2, np.int64)
        np.add.at(seconds, groups.code, partial.seconds)
        if self._table.trim:
            devices = devices.trimmed()
        return _Counts(
            int(partial.lines[counted].sum()),
            len(contracts),
            seconds[:columns].tolist(),
            [len(groups.having(groups.code == place)) for place in range(columns)],
            int(seconds[len(self._table.categories)]),
            devices.distinct(contracts.places_of(devices.contracts) >= 0),
        )

    def _new_contracts(self) -> dict[date, int]:
        """How many contracts have their first line in each period."""
        _, active = self._activity.all()
        new: dict[date, int] = {}
        for first, count in zip(*np.unique(active.first, return_counts=True), strict=True):
            start = begin(_EPOCH + timedelta(days=int(first)), self._period)
            new[start] = new.get(start, 0) + int(count)
        return new

    def _missing(self) -> dict[date, int]:
        """How many days of each period of the extent have no file."""
        missing: dict[date, int] = {}
        for day in self._days():
            start = begin(day, self._period)
            missing[start] = missing.get(start, 0) + (day not in self._present)
        return missing

    def _days(self) -> Iterator[date]:
        span = (self._extent.last - self._extent.first).days
        return (self._extent.first + timedelta(days=n) for n in range(span + 1))


def _average(rows: Sequence[_Counts], unit: Unit) -> NDArray[np.float64]:
    totals = np.array([sum(row.seconds) for row in rows], np.int64)
    contracts = np.array([max(row.contracts, 1) for row in rows], np.int64)
    return rounded(totals, contracts * unit.seconds, max(unit.decimals, _AVERAGE_DECIMALS))
