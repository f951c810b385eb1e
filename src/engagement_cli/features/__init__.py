"""Columns derived from totals, at write time: what each says, its parameters, its values.

``registry`` knows them all; a run that asks for none does not import it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engagement_cli.features.registry import FEATURES as FEATURES
    from engagement_cli.features.registry import parameters as parameters

__all__ = ["FEATURES", "parameters"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from engagement_cli.features import registry  # noqa: PLC0415 - only when a name is asked for

    return getattr(registry, name)
