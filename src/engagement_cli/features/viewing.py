"""Features of seconds alone: total, most watched, taste, shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engagement_cli.features.feature import Feature
from engagement_cli.features.settings import Number, OneOf, Text, option
from engagement_cli.features.texts import chosen, composed
from engagement_cli.frames import check_names
from engagement_cli.rounding import rounded
from engagement_cli.schema import SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from numpy.typing import NDArray

    from engagement_cli.features.material import Material

SHARE_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class MostWatch:
    """Parameters of most-watch."""

    ties: str = option(
        OneOf(("first", "all")),
        "first",
        "Of categories with equally many seconds, the first of the table, or all of them.",
    )
    separator: str = option(Text(), "-", "Stands between the names where ties are all.")


@dataclass(frozen=True, slots=True)
class Taste:
    """Parameters of taste."""

    separator: str = option(Text(), "-", "Stands between the names.")
    more_than: Fraction = option(
        Number(0, whole=True), 0, "A category belongs to the taste with more seconds than this."
    )
    min_share: Fraction = option(
        Number(0, 1), 0, "And with at least this fraction of the contract's total."
    )
    order: str = option(
        OneOf(("table", "seconds")),
        "table",
        "The order of the names: of the table, or most seconds first (ties by the table).",
    )
    most: Fraction = option(
        Number(0, whole=True), 0, "Keep so many names at most, the first in order; 0 keeps all."
    )
    all: str = option(Text(), "", "A word for the taste of every category; empty for none.")


def _total(material: Material) -> Mapping[str, Any]:
    return {SECONDS: material.total}


def _most_watch(material: Material) -> Mapping[str, Any]:
    asked, seconds = material.of(MostWatch), material.by_category
    best, first = np.zeros(len(material), np.int64), np.full(len(material), len(seconds))
    for place, column in enumerate(seconds):
        better = column > best
        first[better] = place
        np.maximum(best, column, out=best)
    if asked.ties == "first":
        return {"MostWatch": chosen(first, [*material.names, ""])}

    def compose(row: list[int]) -> str:
        names = zip(material.names, row, strict=True)
        return asked.separator.join(name for name, is_best in names if is_best)

    tied = [(column == best) & (best > 0) for column in seconds]
    return {"MostWatch": composed(tied, 2, compose)}


def _taste(material: Material) -> Mapping[str, Any]:
    asked, size = material.of(Taste), len(material.names)
    liked = [column > int(asked.more_than) for column in material.by_category]
    if asked.min_share:
        share = float(asked.min_share)  # a quotient nearest to it is it, below 2^49 seconds
        total = np.maximum(material.total, 1)
        both = zip(liked, material.by_category, strict=True)
        liked = [is_liked & (column / total >= share) for is_liked, column in both]
    places: list[NDArray[Any]] = liked
    if asked.order == "seconds":
        places = _places_by_seconds(material.by_category, liked)

    def compose(row: list[int]) -> str:
        ordered = row
        if asked.order == "table":
            ordered = [place for place, is_liked in enumerate(row) if is_liked]
        names = [material.names[place] for place in ordered if place < size]
        if asked.all and len(names) == size:
            return asked.all
        return asked.separator.join(names[: int(asked.most) or size])

    return {"Taste": composed(places, size + 2, compose)}


def _places_by_seconds(
    seconds: list[NDArray[np.int64]], liked: list[NDArray[np.bool_]]
) -> list[NDArray[Any]]:
    """The places of the liked categories, most seconds first; one behind all for the others."""
    matrix = np.where(np.array(liked), np.array(seconds), -1)
    order = np.argsort(-matrix, axis=0, kind="stable")
    order[np.take_along_axis(matrix, order, axis=0) < 0] = len(seconds)
    return list(order)


def _share(material: Material) -> Mapping[str, Any]:
    total = np.maximum(material.total, 1)
    names = [column.removesuffix("Duration") + "Share" for column in material.seconds]
    check_names("The feature share", names)
    seconds = material.seconds.values()
    shares = (rounded(column, total, SHARE_DECIMALS) for column in seconds)
    return dict(zip(names, shares, strict=True))


TOTAL = Feature(
    "total",
    SECONDS,
    "The sum of the contract's seconds over the categories; with `--unmapped keep` the other "
    "column counts too.",
    _total,
)
MOST_WATCH = Feature(
    "most-watch",
    "MostWatch",
    "The category with the most seconds over the whole range, never over a single day. Of "
    "categories with equally many the first of the table is named, so that a contract has one "
    "row. Empty where no category has any seconds. Unmapped apps do not compete.",
    _most_watch,
    MostWatch,
)
TASTE = Feature(
    "taste",
    "Taste",
    "The categories with more than 0 seconds over the whole range, in the order of the table, "
    "joined. Empty where there is none. Unmapped apps are no taste.",
    _taste,
    Taste,
)
SHARE = Feature(
    "share",
    "one a column of seconds: `TVShare` for `TVDuration`",
    "The column's fraction of the contract's total, from 0 to 1, rounded once to 4 decimals, half "
    "to even. 0 where the total is 0.",
    _share,
)
