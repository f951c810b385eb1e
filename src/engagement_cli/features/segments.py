"""Features that sort contracts into groups: engagement, clinginess, recency-frequency-monetary."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING, Any

import numpy as np

from engagement_cli.features.days import NEEDS_DAYS, band_of_days, check_percent
from engagement_cli.features.feature import Feature
from engagement_cli.features.material import day_number
from engagement_cli.features.quantiles import quantiles, reached
from engagement_cli.features.settings import (
    Bounds,
    Labels,
    Levels,
    LevelsFrom,
    Matrix,
    Number,
    OneOf,
    Rows,
    decimal,
    option,
)
from engagement_cli.features.texts import chosen, composed
from engagement_cli.rounding import rounded
from engagement_cli.schema import SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from engagement_cli.features.material import Material
    from engagement_cli.features.settings import Path

_QUARTERS = (Fraction(1, 4), Fraction(1, 2), Fraction(3, 4))
_MOST_SCORE = 9
_SCORE_DECIMALS = 2


@dataclass(frozen=True, slots=True)
class Engagement:
    """Parameters of engagement."""

    method: str = option(
        OneOf(("quartiles", "iqr", "seconds")),
        "quartiles",
        "What the total is held against: the quartiles of all totals in this result, fences around "
        "them, or limits in seconds.",
    )
    quartiles: tuple[str, ...] = option(
        Labels(4),
        ["Low", "Medium", "High", "VeryHigh"],
        "Labels below the first quartile, and from the first, the second and the third on.",
    )
    iqr: tuple[str, ...] = option(
        Labels(3),
        ["Low", "Normal", "High"],
        "Labels below the lower fence, between the fences (both included), above the upper one.",
    )
    factor: Fraction = option(
        Number(0),
        1.5,
        "How many interquartile ranges the fences stand below the first quartile and above the "
        "third.",
    )
    seconds: Levels = option(
        LevelsFrom(0),
        {"Low": 0, "Medium": 36000, "High": 180000, "VeryHigh": 540000},
        "Labels, each with the seconds it begins at, ascending from 0.",
    )

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the method in force."""
        if self.method == "seconds":
            return tuple(label for label, _ in self.seconds)
        return self.iqr if self.method == "iqr" else self.quartiles


@dataclass(frozen=True, slots=True)
class Clinginess:
    """Parameters of clinginess."""

    by: str = option(
        OneOf(("percent", "days")),
        "percent",
        "Whether the bands begin at percents of the days or at active days.",
    )
    bands: tuple[Fraction, ...] = option(
        Bounds(0), [0, 34, 67], "Where each band of active days begins, ascending from 0."
    )
    matrix: Rows = option(
        Matrix(),
        {
            "Low": ["Low", "Low", "Medium"],
            "Medium": ["Low", "Medium", "High"],
            "High": ["Medium", "High", "High"],
            "VeryHigh": ["Medium", "High", "VeryHigh"],
        },
        "For each label of engagement, the labels of the bands.",
    )


@dataclass(frozen=True, slots=True)
class RFM:
    """Parameters of rfm."""

    method: str = option(
        OneOf(("quantiles", "thresholds")),
        "quantiles",
        "Scores by quantiles of this result, or by thresholds.",
    )
    groups: Fraction = option(
        Number(2, _MOST_SCORE, whole=True), 4, "How many scores the quantiles make."
    )
    recency: tuple[Fraction, ...] = option(
        Bounds(0, descending=True),
        [14, 7, 2],
        "Thresholds in days, descending: one point more at or below each.",
    )
    frequency: tuple[Fraction, ...] = option(
        Bounds(0), [8, 15, 22], "Thresholds in active days: one point more from each on."
    )
    monetary: tuple[Fraction, ...] = option(
        Bounds(0), [36000, 180000, 540000], "Thresholds in seconds: one point more from each on."
    )
    score: str = option(
        OneOf(("digits", "mean")),
        "digits",
        "RFMScore as the three scores side by side, or as their mean with 2 decimals.",
    )
    segments: Levels = option(
        LevelsFrom(1, _MOST_SCORE),
        {"Low": 1, "Mid": 2, "High": 3},
        "Segments, each with the mean of the three scores it begins at, ascending from 1.",
    )

    @property
    def most(self) -> int:
        """The largest score that anything can have."""
        if self.method == "quantiles":
            return int(self.groups)
        return max(len(self.recency), len(self.frequency), len(self.monetary)) + 1


def engagement_codes(material: Material) -> NDArray[np.int64]:
    """Which label of engagement each contract has; int64, shape (n,)."""
    asked, total = material.of(Engagement), material.total
    if asked.method == "seconds":
        return reached(total, [start for _, start in asked.seconds]) - 1
    first, second, third = quantiles(total, _QUARTERS)
    if asked.method == "quartiles":
        return reached(total, (first, second, third))
    fence = asked.factor * (third - first)
    return reached(total, (first - fence,)) + (total > floor(third + fence))


def _engagement(material: Material) -> Mapping[str, Any]:
    return {"EngagementType": chosen(engagement_codes(material), material.of(Engagement).labels)}


def _clinginess(material: Material) -> Mapping[str, Any]:
    asked = material.of(Clinginess)
    band = band_of_days(material, asked.by, asked.bands)
    rows = dict(asked.matrix)
    cells = [cell for label in material.of(Engagement).labels for cell in rows[label]]
    return {"Clinginess": chosen(engagement_codes(material) * len(asked.bands) + band, cells)}


def _rfm(material: Material) -> Mapping[str, Any]:
    asked, active = material.of(RFM), material.activity
    first, last = day_number(material.range.first), day_number(material.range.last)
    recency = np.where(active.days > 0, last - active.last, last - first + 1)
    frequency, monetary = active.days, material.total
    if asked.method == "quantiles":
        shares = [Fraction(n, int(asked.groups)) for n in range(1, int(asked.groups))]
        scores = [
            1 + reached(values, quantiles(values, shares))
            for values in (-recency, frequency, monetary)
        ]
    else:
        scores = [
            1 + reached(-recency, [-bound for bound in asked.recency]),
            1 + reached(frequency, asked.frequency),
            1 + reached(monetary, asked.monetary),
        ]
    sums = np.sum(scores, axis=0)
    starts = [3 * start for _, start in asked.segments]
    return {
        "Recency": recency,
        "Frequency": frequency,
        "Monetary": monetary,
        "RFMScore": (
            rounded(sums, 3, _SCORE_DECIMALS)
            if asked.score == "mean"
            else composed(scores, _MOST_SCORE + 1, lambda row: "".join(map(str, row)))
        ),
        "Segment": chosen(reached(sums, starts) - 1, [label for label, _ in asked.segments]),
    }


def _check_clinginess(parameters: Mapping[type[Any], Any]) -> Iterator[tuple[Path, str]]:
    asked, labels = parameters[Clinginess], parameters[Engagement].labels
    if asked.bands[0] != 0:
        yield ("bands", 0), "the first band must begin at 0, so that every contract has one"
    yield from check_percent(asked.by, asked.bands, "bands", len(asked.bands) - 1)
    if {label for label, _ in asked.matrix} != set(labels):
        yield ("matrix",), f"must have a row for each label of engagement: {', '.join(labels)}"
    for label, row in asked.matrix:
        if len(row) != len(asked.bands):
            told = f"must have {len(asked.bands)} labels, one for each band, not {len(row)}"
            yield ("matrix", label), told


def _check_rfm(parameters: Mapping[type[Any], Any]) -> Iterator[tuple[Path, str]]:
    asked = parameters[RFM]
    label, start = asked.segments[-1]
    if start > asked.most:
        told = f"{label!r} begins at {decimal(start)}, and the largest score is {asked.most}"
        yield ("segments", label), told
    for name in ("recency", "frequency", "monetary"):
        if len(getattr(asked, name)) >= _MOST_SCORE:
            yield (name,), f"must be {_MOST_SCORE - 1} thresholds at most: a score is one digit"


ENGAGEMENT = Feature(
    "engagement",
    "EngagementType",
    "The contract's total held against limits. The quartiles are exact, of the totals of all "
    "contracts of this result, before any are left out by `--contracts`, `--min-total` or `--top`: "
    "of n totals in order the quartile p stands at place p(n - 1), counted from 0 and moving "
    "linearly between two totals (NumPy's method `linear`). A total on a limit belongs above it.",
    _engagement,
    Engagement,
    shows=(SECONDS,),
)
CLINGINESS = Feature(
    "clinginess",
    "Clinginess",
    "The label that a matrix gives for the contract's engagement and the band its active days fall "
    "into.",
    _clinginess,
    Clinginess,
    NEEDS_DAYS,
    (SECONDS, "ActiveDays", "EngagementType"),
    _check_clinginess,
)
RFM_FEATURE = Feature(
    "rfm",
    "Recency, Frequency, Monetary, RFMScore, Segment",
    "Recency: days from the last active day to the last day of the range, 0 if they are the same; "
    "without any active day, the days of the range. Frequency: active days. Monetary: the total "
    "in seconds. Each gets a score from 1 up, more recent, more frequent and more being better. By "
    "quantiles (exact, NumPy's method `linear`, of this result) into g groups, a value scores one "
    "point more for each of the g - 1 quantiles it reaches, recency counted backwards; by "
    "thresholds, for each threshold. The segment is told by the exact mean of the three.",
    _rfm,
    RFM,
    NEEDS_DAYS,
    ("LastDay",),
    _check_rfm,
)
