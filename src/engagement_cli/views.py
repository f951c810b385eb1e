"""What is made of totals at write time: features, which contracts, in which unit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from engagement_cli.errors import UsageError
from engagement_cli.features.feature import IN_SECONDS, needs
from engagement_cli.features.material import Extent, Material
from engagement_cli.figures import PERIODS
from engagement_cli.grains import GRAINS
from engagement_cli.schema import CONTRACT, SECONDS
from engagement_cli.units import SECONDS_UNIT, UNITS, Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from engagement_cli.categories import Category, CategoryTable
    from engagement_cli.features.feature import Feature
    from engagement_cli.features.material import ActiveDays
    from engagement_cli.features.registry import Parameters
    from engagement_cli.figures import Period
    from engagement_cli.grains import Grain

Labels = Literal["key", "label", "column"]
LABELS: tuple[Labels, ...] = get_args(Labels)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which contracts are written. Whatever is left out, no value of the others changes.

    Attributes:
        contracts: Only these; None for all.
        min_total: Only those with so many seconds at least.
        top: Only so many with the largest values; of equal values, the first contracts.
        by_column: The column of those values; None for the total.
    """

    contracts: frozenset[str] | None = None
    min_total: int = 0
    top: int | None = None
    by_column: str | None = None

    def __post_init__(self) -> None:
        """Raise a UsageError where a value cannot mean anything."""
        check_least("min-total", self.min_total, 0)
        if self.top is not None:
            check_least("top", self.top, 1)
        elif self.by_column is not None:
            raise UsageError("--by-column says what --top compares; add --top N.")

    def of(self, frame: pd.DataFrame, total: NDArray[np.int64]) -> pd.DataFrame:
        """The selected rows of a frame, in their order.

        Args:
            frame: One row a contract.
            total: int64, shape (n,): seconds of each row.

        Raises:
            UsageError: The frame has no such column, or it holds no numbers.
        """
        values = self._values(frame, total)
        kept = total >= self.min_total
        if self.contracts is not None:
            kept &= frame[CONTRACT].isin(self.contracts).to_numpy()
        rows = np.flatnonzero(kept)
        if self.top is not None:
            largest = np.argsort(-values[rows], kind="stable")[: self.top]
            rows = rows[np.sort(largest)]
        return frame if len(rows) == len(frame) else frame.iloc[rows].reset_index(drop=True)

    def _values(self, frame: pd.DataFrame, total: NDArray[np.int64]) -> NDArray[np.int64]:
        """What ``top`` compares; the total needs no column."""
        column = self.by_column
        if column is None or (column == SECONDS and column not in frame):
            return total
        numeric = [name for name in frame.columns if frame[name].dtype.kind in "if"]
        if column not in numeric:
            raise UsageError(
                f"--by-column {column}: no such column of numbers. There are {', '.join(numeric)}."
            )
        return frame[column].to_numpy()


@dataclass(frozen=True, slots=True)
class View:
    """What a result shows.

    Attributes:
        features: The features behind the columns of seconds.
        parameters: The parameters of all features, by their type, where features are asked for.
        labels: What categories are called in values.
        unit: The unit of seconds.
        selection: Which contracts are written.
        grain: What one row is about.
        period: What one row of the figures is about, if figures are asked for.
    """

    features: tuple[Feature, ...] = ()
    parameters: Parameters = field(default_factory=dict)
    labels: Labels = "key"
    unit: Unit = SECONDS_UNIT
    selection: Selection = field(default_factory=Selection)
    grain: Grain = "contract"
    period: Period | None = None

    @classmethod
    def asked(
        cls,
        table: CategoryTable,
        where: str,
        *,
        features: str | Iterable[str] = (),
        labels: Labels = "key",
        unit: str = "seconds",
        selection: Selection | None = None,
        grain: Grain = "contract",
        period: Period | None = None,
    ) -> View:
        """The view that options ask for.

        Args:
            table: The category table, which may set parameters of features.
            where: What messages about those call it.
            features: Names of features, or a list of them with commas; ``all`` for every one.
            labels: What categories are called in values.
            unit: The unit of seconds.
            selection: Which contracts are written; all by default.
            grain: What one row is about.
            period: What one row of the figures is about, if figures are asked for.

        Raises:
            UsageError: There is no such feature, label, unit, grain or period, or no such thing
                for this grain.
            CategoriesError: A parameter is wrong; the message gives its line.
        """
        check_known("labels", labels, LABELS)
        check_known("unit", unit, tuple(UNITS))
        check_known("by", grain, GRAINS)
        if period is not None:
            check_known("period", period, PERIODS)
        selection = selection or Selection()
        asked, parameters = _features(_names(features), table, where)
        _check_grain(grain, asked, selection)
        return cls(
            asked,
            parameters,
            labels,
            UNITS[unit],
            selection,
            grain,
            period,
        )

    @property
    def is_plain(self) -> bool:
        """Whether all columns are those of the category table, and nothing names another."""
        has_own = self.features or self.period or self.selection.by_column
        return self.grain == "contract" and not has_own

    @property
    def is_as_pivoted(self) -> bool:
        """Whether the result is what the pivot gives, unchanged."""
        changes = self.features or self.selection != Selection() or self.unit != SECONDS_UNIT
        return self.grain == "contract" and not changes

    @property
    def needs_days(self) -> bool:
        """Whether what is shown depends on days, and not on the sum of all alone."""
        return self.grain == "contract-day" or bool(self.periods) or self.needs_activity

    @property
    def needs_each_day(self) -> bool:
        """Whether it depends on more of each day than when contracts were active."""
        return (
            self.grain == "contract-day"
            or bool(self.periods)
            or (self.needs_activity and self.counts_seconds)
        )

    @property
    def needs_activity(self) -> bool:
        """Whether a feature asks when contracts were active."""
        return "days" in needs(self.features)

    @property
    def needs_devices(self) -> bool:
        """Whether a feature, or a column of the figures, asks for devices."""
        return "devices" in needs(self.features)

    @property
    def needs_devices_by_day(self) -> bool:
        """Whether a column of the figures does."""
        return self.needs_devices and bool(self.periods)

    @property
    def periods(self) -> set[Period]:
        """Every period that there are rows of."""
        asked: set[Period] = {"day"} if self.grain == "day" else set()
        return asked if self.period is None else {*asked, self.period}

    @property
    def counts_seconds(self) -> bool:
        """Whether a day is active only with more than 0 seconds."""
        from engagement_cli.features.days import ActiveDaysAsked  # noqa: PLC0415 - as below

        return bool(self.parameters[ActiveDaysAsked].count == "seconds")

    def of(
        self,
        frame: pd.DataFrame,
        table: CategoryTable,
        *,
        extent: Extent | None = None,
        active: ActiveDays | None = None,
        devices: NDArray[np.int64] | None = None,
    ) -> pd.DataFrame:
        """Show a result.

        Args:
            frame: One row a contract: Contract, then int64 seconds.
            table: The category table that it was made with.
            extent: The days it is about.
            active: When each contract was active, if a feature needs it.
            devices: How many devices each had, likewise.

        Raises:
            UsageError: A column is called like another, or there is none to select by.
        """
        columns = [column for column in frame.columns if column != CONTRACT]
        material = Material(
            {column: frame[column].to_numpy() for column in columns},
            [self._name(category) for category in table.categories],
            self.parameters,
            extent,
            active,
            devices,
        )
        if self.features:
            from engagement_cli.features.registry import derive  # noqa: PLC0415 - as below

            frame = derive(frame, self.features, material)
        if self.selection != Selection():
            frame = self.selection.of(frame, material.total)
        return self.unit.convert(frame, [*columns, *IN_SECONDS])

    def names(self, table: CategoryTable) -> list[str]:
        """What values call each category, and behind them the unmapped apps."""
        other = table.other if self.labels == "column" else table.other.removesuffix("Duration")
        return [*(self._name(category) for category in table.categories), other]

    def _name(self, category: Category) -> str:
        names = {"key": category.key, "label": category.label, "column": category.column}
        return names[self.labels]


def check_known(what: str, value: object, known: Sequence[str]) -> None:
    """Raise a UsageError where a value is none of those known."""
    if value not in known:
        raise UsageError(f"{what} must be {', '.join(known[:-1])} or {known[-1]}, not {value!r}.")


def check_least(what: str, value: object, least: int) -> None:
    """Raise a UsageError where a value is no whole number, or a smaller one."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise UsageError(f"{what} must be a whole number from {least} on, not {value!r}.")


def _names(features: object) -> list[str]:
    """The names in a list with commas, or those that are given one by one."""
    if isinstance(features, str):
        return [name.strip() for name in features.split(",") if name.strip()]
    if not isinstance(features, Iterable):
        raise UsageError(f"features must be names of features, not {features!r}.")
    return list(features)


def _features(
    names: Sequence[str], table: CategoryTable, where: str
) -> tuple[tuple[Feature, ...], Parameters]:
    """The features of these names, and the parameters of all.

    Raises:
        UsageError: There is no such feature.
        CategoriesError: The table sets a parameter wrongly, also of one that is not asked for.
    """
    if not names and not table.features.values:
        return (), {}
    from engagement_cli.features import registry  # noqa: PLC0415 - most runs ask for none

    asked = registry.named(names)
    return asked, registry.parameters_of(table.features, asked, where)


def _check_grain(grain: Grain, features: tuple[Feature, ...], selection: Selection) -> None:
    if grain == "contract":
        return
    if any(grain != "day" or one.name != "devices" for one in features):
        raise UsageError(f"--by {grain}: features are columns of contracts; leave out --features.")
    if selection != Selection(selection.contracts if grain == "contract-day" else None):
        raise UsageError(
            f"--by {grain}: rows are chosen among contracts; leave out --contracts (which "
            "contract-day takes), --min-total and --top."
        )
