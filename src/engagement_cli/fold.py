"""Complete days added up, and the view that is made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from engagement_cli.aggregate import Sum
from engagement_cli.devices import Union
from engagement_cli.features.activity import Activity, active_days
from engagement_cli.features.feature import IN_SECONDS
from engagement_cli.features.material import Extent
from engagement_cli.figures import Figures
from engagement_cli.frames import Rows
from engagement_cli.grains import by_app, by_category, of_day
from engagement_cli.pivot import Mapped, applied, pivot_groups

if TYPE_CHECKING:
    import pandas as pd

    from engagement_cli.aggregate import Partial
    from engagement_cli.categories import CategoryTable
    from engagement_cli.compact import Total
    from engagement_cli.devices import Devices
    from engagement_cli.figures import Period
    from engagement_cli.pivot import Applied, Pivot
    from engagement_cli.views import View

Emit = Callable[["pd.DataFrame"], None]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a run shows.

    Attributes:
        pivot: One row a contract, and what became of the lines.
        rows: The result in the grain that was asked for; none where they were handed out by the
            day.
        figures: One row a period, if figures were asked for.
    """

    pivot: Pivot
    rows: Rows
    figures: pd.DataFrame | None = None


class Fold:
    """Adds up complete days for a view. The sum of all is enough where it needs no days."""

    def __init__(
        self,
        table: CategoryTable,
        view: View,
        *,
        keep_unmapped: bool = False,
        extent: Extent | None = None,
        present: Iterable[date] = (),
        compiled: bool = False,
        emit: Emit | None = None,
    ) -> None:
        """Begin with no day.

        Args:
            table: The category table.
            view: What will be shown.
            keep_unmapped: Whether unmapped apps count in the table's ``other`` column.
            extent: The days that will come, if the view needs days.
            present: The days that have a file, whether they will come or not.
            compiled: Whether to add with machine code, which pays for many lines.
            emit: Takes the frames of one day each, where the grain is ``contract-day``, so that
                memory does not grow with them; by default they are kept.
        """
        self._table = table
        self._view = view
        self._keep = keep_unmapped
        self._extent = extent
        self._total = Sum(compiled=compiled)
        self._devices = Union()
        self._frames: list[pd.DataFrame] = []
        self._emit = emit
        self._activity: Activity | None = None
        self._figures: dict[Period, Figures] = {}
        if not view.needs_days:
            return
        assert extent is not None
        if view.needs_activity:
            self._activity = Activity(extent.first, compiled=compiled)
        for period in view.periods:
            self._figures[period] = Figures(
                table,
                extent,
                period,
                present=present,
                keep_unmapped=keep_unmapped,
                with_devices=view.needs_devices,
                compiled=compiled,
            )

    def add(self, day: date | None, partial: Partial, devices: Devices | None = None) -> None:
        """Add the sum of all files of a day, once a day, in order.

        Args:
            day: The day; None where the view needs no days.
            partial: The sum of its files.
            devices: Its devices, where ``view.needs_devices_by_day``.
        """
        self._total.add(partial)
        if devices is not None:
            self._devices.add(devices)
        if not self._view.needs_days:
            return
        assert day is not None
        groups = Mapped(partial, self._table)
        if self._activity is not None:
            active = groups.code < len(self._table.categories)
            if self._view.counts_seconds:
                active &= groups.partial.seconds > 0
            self._activity.add(day, groups.having(active))
        for figures in self._figures.values():
            figures.add(day, groups, devices)
        if self._view.grain == "contract-day":
            self._hand_out(day, groups)

    def shown(self, devices: Devices | None = None) -> Shown:
        """What the days add up to.

        Args:
            devices: Those of all days, if the view needs them and no day has brought its own.
        """
        return self.show(self._total.total(), devices)

    def show(self, total: Total, devices: Devices | None = None) -> Shown:
        """What a sum of all days shows, where the view needs no days or the sum ``tells_days``."""
        with_days = self._view.needs_activity
        sums = applied(total, self._table, keep_unmapped=self._keep, with_days=with_days)
        return self.show_applied(sums, devices)

    def show_applied(self, sums: Applied, devices: Devices | None = None) -> Shown:
        """As ``show``, of a sum to which the table is applied."""
        groups, pivoted = sums
        figures = None
        if self._view.period is not None:
            figures = self._figures[self._view.period].frame(self._view.unit)
        if self._view.is_as_pivoted:
            return Shown(pivoted, pivoted.rows, figures)
        return Shown(pivoted, Rows(self._frame(groups, pivoted, devices)), figures)

    def _frame(self, groups: Mapped, pivoted: Pivot, devices: Devices | None) -> pd.DataFrame:
        view, table = self._view, self._table
        names = view.names(table)[: len(table.categories) + self._keep]
        match view.grain:
            case "contract":
                return self._contracts(pivoted, devices)
            case "category":
                return view.unit.convert(by_category(groups, names), IN_SECONDS)
            case "app":
                return view.unit.convert(by_app(groups, names), IN_SECONDS)
            case "day":
                return self._figures["day"].frame(view.unit)
            case "contract-day":
                import pandas as pd  # noqa: PLC0415 - reading begins without

                nothing = self._of_day(date(1970, 1, 1), pivoted.frame.iloc[:0])
                return pd.concat([nothing, *self._frames], ignore_index=True)

    def _contracts(self, pivoted: Pivot, devices: Devices | None) -> pd.DataFrame:
        assert pivoted.contracts is not None
        active = counts = None
        if self._activity is not None:
            known = pivoted.active
            active = active_days(known) if known else self._activity.of(pivoted.contracts)
        if self._view.needs_devices:
            devices = devices or self._devices.total()
            counts = (devices.trimmed() if self._table.trim else devices).count(pivoted.contracts)
        return self._view.of(
            pivoted.frame, self._table, extent=self._extent, active=active, devices=counts
        )

    def _hand_out(self, day: date, groups: Mapped) -> None:
        frame = pivot_groups(groups, self._table, keep_unmapped=self._keep).frame
        (self._emit or self._frames.append)(self._of_day(day, frame))

    def _of_day(self, day: date, frame: pd.DataFrame) -> pd.DataFrame:
        return of_day(day, self._view.of(frame, self._table))


def try_out(table: CategoryTable, view: View, *, keep_unmapped: bool) -> None:
    """Make what no lines would show, so that what cannot be is found out before any is read.

    A plain view is not tried: nothing can be wrong with it, and a frame takes pandas, for which
    reading would have to wait.

    Raises:
        UsageError: Two columns would be called alike, or there is none to select by.
    """
    if view.is_plain:
        return
    day = date(1970, 1, 1)
    Fold(table, view, keep_unmapped=keep_unmapped, extent=Extent(day, day, 1)).shown()
