"""Features of days: active days, activeness, and what levels of days have in common."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from engagement_cli.features.feature import Feature, Need
from engagement_cli.features.settings import Levels, LevelsFrom, OneOf, option
from engagement_cli.features.texts import chosen
from engagement_cli.rounding import rounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from engagement_cli.features.material import Material
    from engagement_cli.features.settings import Path

NEEDS_DAYS: frozenset[Need] = frozenset({"days"})
_PERCENT = 100
_PERCENT_DECIMALS = 2


@dataclass(frozen=True, slots=True)
class ActiveDaysAsked:
    """Parameters of active-days."""

    count: str = option(
        OneOf(("lines", "seconds")),
        "lines",
        "A day is active with a line, or only with more than 0 seconds.",
    )


@dataclass(frozen=True, slots=True)
class Activeness:
    """Parameters of activeness."""

    by: str = option(
        OneOf(("percent", "days")),
        "percent",
        "Whether the levels begin at percents of the days or at active days.",
    )
    levels: Levels = option(
        LevelsFrom(0),
        {"Low": 0, "Medium": 34, "High": 67},
        "The levels, each with where it begins, ascending from 0.",
    )


def band_of_days(material: Material, by: str, starts: Sequence[Fraction]) -> NDArray[np.int64]:
    """In which band each contract's active days fall; int64, shape (n,).

    Args:
        material: What is known.
        by: Whether bands begin at ``days`` or at ``percent`` of the days of the range.
        starts: Where each band begins, ascending from 0.
    """
    active, days = material.activity.days, material.range.days
    unit = Fraction(_PERCENT, days) if by == "percent" else Fraction(1)
    most = int(active.max(initial=0))
    bands = [sum(count * unit >= start for start in starts) - 1 for count in range(most + 1)]
    return np.array(bands, np.int64)[active]


def check_percent(
    by: str, starts: Sequence[Fraction], *path: str | int
) -> Iterator[tuple[Path, str]]:
    """Percents beyond 100 are never reached; ``path`` leads to the last of them."""
    if by == "percent" and starts[-1] > _PERCENT:
        yield path, f"begins at {float(starts[-1]):g} percent: more than 100 is never reached"


def _active_days(material: Material) -> Mapping[str, Any]:
    import pyarrow as pa  # noqa: PLC0415 - reading begins without

    active = material.activity
    never = active.days == 0
    return {
        "ActiveDays": active.days,
        "FirstDay": pa.array(active.first.astype(np.int32), mask=never).cast(pa.date32()),
        "LastDay": pa.array(active.last.astype(np.int32), mask=never).cast(pa.date32()),
    }


def _activeness(material: Material) -> Mapping[str, Any]:
    asked = material.of(Activeness)
    band = band_of_days(material, asked.by, [start for _, start in asked.levels])
    percent = rounded(material.activity.days * _PERCENT, material.range.days, _PERCENT_DECIMALS)
    return {
        "Activeness": percent,
        "ActivenessLevel": chosen(band, [label for label, _ in asked.levels]),
    }


def _check_activeness(parameters: Mapping[type[Any], Any]) -> Iterator[tuple[Path, str]]:
    asked = parameters[Activeness]
    starts = [start for _, start in asked.levels]
    yield from check_percent(asked.by, starts, "levels", asked.levels[-1][0])


ACTIVE_DAYS = Feature(
    "active-days",
    "ActiveDays, FirstDay, LastDay",
    "How many different days have an accepted line of a mapped app, and the first and the last of "
    "them. Several lines of one day are one day. The days are those of the files.",
    _active_days,
    ActiveDaysAsked,
    NEEDS_DAYS,
    ("ActiveDays",),
)
ACTIVENESS = Feature(
    "activeness",
    "Activeness, ActivenessLevel",
    "Active days over the days of the range asked for with `--since` and `--until`, else over the "
    "days that have a file; in percent, rounded once to 2 decimals, half to even. The level is "
    "the last that begins at or below the exact percentage, or the number of active days.",
    _activeness,
    Activeness,
    NEEDS_DAYS,
    ("ActiveDays",),
    _check_activeness,
)
