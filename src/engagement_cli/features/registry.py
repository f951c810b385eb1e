"""All features, in the order of their columns; their parameters; and what they derive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engagement_cli.categories import Fault
from engagement_cli.errors import CategoriesError, UsageError
from engagement_cli.features.days import ACTIVE_DAYS, ACTIVENESS
from engagement_cli.features.feature import Feature
from engagement_cli.features.segments import CLINGINESS, ENGAGEMENT, RFM_FEATURE
from engagement_cli.features.settings import read
from engagement_cli.features.viewing import MOST_WATCH, SHARE, TASTE, TOTAL
from engagement_cli.frames import check_names, frame_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd

    from engagement_cli.categories import Settings
    from engagement_cli.features.material import Material
    from engagement_cli.features.settings import Path

ALL = "all"

DEVICES = Feature(
    "devices",
    "TotalDevices",
    "How many different devices (`Mac`) the contract's accepted lines name over the whole range, "
    "of whatever app. One device on many days, or in many lines, is one; lines without a `Mac`, or "
    "with an empty one, name none. Exact.",
    lambda material: {"TotalDevices": material.devices},
    needs=frozenset({"devices"}),
    shows=("TotalDevices",),
)

FEATURES = (
    TOTAL,
    MOST_WATCH,
    TASTE,
    ACTIVE_DAYS,
    ACTIVENESS,
    DEVICES,
    SHARE,
    ENGAGEMENT,
    CLINGINESS,
    RFM_FEATURE,
)

Parameters = dict[type[Any], Any]
"""The parameters of every feature, by their type."""


def feature(name: str) -> Feature:
    """The feature of a name.

    Raises:
        UsageError: There is none.
    """
    for one in FEATURES:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in FEATURES)
    raise UsageError(f"No feature is called {name!r}. There are {known}; {ALL} asks for all.")


def named(names: Iterable[str]) -> tuple[Feature, ...]:
    """The features of these names, each once and in their order; ``all`` names every one.

    Raises:
        UsageError: A name is none of a feature.
    """
    asked = {one.name for name in names if name != ALL for one in (feature(name),)}
    return tuple(one for one in FEATURES if ALL in names or one.name in asked)


def parameters(settings: Settings, asked: Sequence[Feature] = ()) -> tuple[Parameters, list[Fault]]:
    """The parameters that a category table sets, defaults elsewhere; and what is wrong with them.

    Args:
        settings: What the table says under ``features``.
        asked: Features whose parameters must fit together, even where the table sets none.
    """
    found: Parameters = {}
    faults = []
    known = {one.name: one for one in FEATURES}
    for name in settings.values:
        if name not in known:
            told = f"features: there is no {name!r}; there are {', '.join(known)}"
            faults.append(Fault(_line(settings, (name,)), told))
    for one in FEATURES:
        values = settings.values.get(one.name)
        if values is not None and not isinstance(values, dict):
            told = f"features: {one.name} must be a mapping of parameters"
            faults.append(Fault(_line(settings, (one.name,)), told))
            values = None
        found[one.parameters], wrong = read(one.parameters, values or {})
        faults += _faults(settings, one, wrong)
    if not faults:
        for one in FEATURES:
            if one.check and (one in asked or one.name in settings.values):
                faults += _faults(settings, one, one.check(found))
    return found, faults


def parameters_of(settings: Settings, asked: Sequence[Feature], where: str) -> Parameters:
    """The parameters that a category table sets, defaults elsewhere.

    Raises:
        CategoriesError: They are wrong; the message gives each fault with its line in ``where``.
    """
    found, faults = parameters(settings, asked)
    if faults:
        told = (f"{where}:{fault.line}: {fault.message}" for fault in sorted(set(faults)))
        raise CategoriesError("\n".join(told))
    return found


def default_parameters() -> Parameters:
    """The parameters where nothing sets others."""
    return {one.parameters: one.parameters() for one in FEATURES}


def derive(frame: pd.DataFrame, features: Iterable[Feature], material: Material) -> pd.DataFrame:
    """A frame of n rows, and behind its columns those of the features.

    Raises:
        UsageError: A column of a feature is called like one that is there.
    """
    import pandas as pd  # noqa: PLC0415 - reading begins without

    derived = [pair for one in features for pair in one.derive(material).items()]
    check_names("A result with these features", [*frame.columns, *(name for name, _ in derived)])
    return pd.concat([frame, frame_of(dict(derived))], axis=1)


def _faults(settings: Settings, one: Feature, wrong: Iterable[tuple[Path, str]]) -> Iterator[Fault]:
    for path, message in wrong:
        told = f"features: {one.name}: {path[0]}: {message}"
        yield Fault(_line(settings, (one.name, *path)), told)


def _line(settings: Settings, path: Path) -> int:
    """The line of a place in the settings, or of the nearest place around it."""
    for length in range(len(path), 0, -1):
        if path[:length] in settings.lines:
            return settings.lines[path[:length]]
    return min(settings.lines.values(), default=1)
