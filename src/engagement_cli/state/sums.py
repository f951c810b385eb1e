"""Sums of many partials, kept; each partial with the day it counts for."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engagement_cli.compact import CompactSum
from engagement_cli.kernel.compact import Columns
from engagement_cli.state import kept

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from engagement_cli.state.kept import Column, Stamps

_KIND = "sum"


def best(folder: Path, wanted: Stamps) -> tuple[CompactSum, Stamps]:
    """The sum of as many of the wanted partials as one kept sum holds, and which these are."""
    return kept.best(folder, _KIND, wanted, _made) or (CompactSum.empty(), {})


class Packed(NamedTuple):
    """A sum made ready to be kept."""

    total: CompactSum
    columns: kept.Packed


def packed(total: CompactSum) -> Packed:
    """Make a sum ready to be kept, which takes longer than writing it."""
    return Packed(total, kept.packed(total.columns))


def keep(folder: Path, made: CompactSum | Packed, summed: Stamps, room: int) -> None:
    """Keep a sum, as ``kept.keep`` does."""
    total, columns = packed(made) if isinstance(made, CompactSum) else made
    header = {
        "apps": total.apps,
        "long": total.long,
        "first": str(total.first) if total.first else None,
    }
    kept.keep(folder, _KIND, summed, header, columns, room=room)


def _made(header: Mapping[str, Any], columns: Sequence[Column]) -> CompactSum:
    first = date.fromisoformat(header["first"]) if header["first"] else None
    wide = Columns(*(column.astype(np.uint64, copy=False) for column in columns))
    return CompactSum(wide, tuple(header["apps"]), tuple(header["long"]), first)
