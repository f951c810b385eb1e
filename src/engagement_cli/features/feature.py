"""A feature: columns derived from totals, and everything there is to say about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from engagement_cli.schema import SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from engagement_cli.features.material import Material
    from engagement_cli.features.settings import Path

Need = Literal["days", "devices"]
IN_SECONDS = (SECONDS, "Monetary")
"""The columns of features that hold seconds."""


@dataclass(frozen=True, slots=True)
class NoParameters:
    """A feature without parameters."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature.

    Attributes:
        name: What it is asked for by.
        columns: What its columns are called, for people.
        definition: What the columns say, exactly.
        derive: Gives the columns: NumPy or Arrow, n values each.
        parameters: A dataclass of its parameters, the defaults in force.
        needs: What must be known beside totals.
        shows: Columns that an example shows beside its own, instead of the categories.
        check: Finds faults among the parameters of all features that no single value shows.
    """

    name: str
    columns: str
    definition: str
    derive: Callable[[Material], Mapping[str, Any]]
    parameters: type[Any] = NoParameters
    needs: frozenset[Need] = frozenset()
    shows: tuple[str, ...] = ()
    check: Callable[[Mapping[type[Any], Any]], Iterator[tuple[Path, str]]] | None = None


def needs(features: Iterable[Feature]) -> frozenset[Need]:
    """What these features need beside totals."""
    return frozenset(need for one in features for need in one.needs)
