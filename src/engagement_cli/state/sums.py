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


class Draft(NamedTuple):
    """A sum that is written aside, and kept once it is known what it is made of."""

    total: CompactSum
    columns: kept.Draft


def draft(folder: Path, total: CompactSum) -> Draft:
    """Write a sum aside.

    Raises:
        OSError: It cannot be written.
    """
    return Draft(total, kept.Draft(folder, total.columns))


def keep(draft: Draft, summed: Stamps, room: int) -> None:
    """Keep a sum, as ``kept.Draft.keep`` does."""
    total = draft.total
    header = {
        "apps": total.apps,
        "long": total.long,
        "first": str(total.first) if total.first else None,
    }
    draft.columns.keep(_KIND, summed, header, room=room)


def _made(header: Mapping[str, Any], columns: Sequence[Column]) -> CompactSum:
    first = date.fromisoformat(header["first"]) if header["first"] else None
    hi, lo, ends, entries, days = columns
    words = (column.astype(np.uint64, copy=False) for column in (hi, lo, entries))
    hi, lo, entries = words
    table = Columns(hi, lo, ends, entries, days)
    return CompactSum(table, tuple(header["apps"]), tuple(header["long"]), first)
