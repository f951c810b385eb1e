"""Sums of many partials, kept; each partial with the day it counts for.

A large one is joined by a small one of what came since, which is rewritten instead of it, until it
is no longer small beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from engagement_cli.compact import Compact, CompactSum, Joint, Merger
from engagement_cli.kernel.compact import Columns, Form
from engagement_cli.kernel.layout import Bits
from engagement_cli.state import kept

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from engagement_cli.state.kept import Column, Kept, Stamps

_KIND = "sum"


@dataclass(slots=True)
class Begun:
    """A sum that begins with kept ones.

    Attributes:
        merger: Adds to them.
        kept: These, the largest one first.
        summed: What is in the sum.
    """

    merger: Merger
    kept: Sequence[Kept[CompactSum]]
    summed: Stamps


def begun(folder: Path, wanted: Stamps) -> Begun:
    """The sum of as many of the wanted partials as kept sums hold."""
    found = sorted(kept.best(folder, _KIND, wanted, _made), key=_size, reverse=True)
    summed = {name: stamp for each in found for name, stamp in each.of.items()}
    merger = Merger(*[each.made for each in found] or [CompactSum.empty()])
    return Begun(merger, found, summed)


class Draft(NamedTuple):
    """What a sum adds to kept ones, written aside, and kept once it is known what it is made of."""

    total: Compact
    columns: kept.Draft


def draft(folder: Path, total: Compact) -> Draft:
    """Write aside what of a sum is not kept yet.

    Raises:
        OSError: It cannot be written.
    """
    hi, *numbers, _ = _new(total).columns
    return Draft(total, kept.Draft(folder, [hi, *numbers]))


def keep(draft: Draft, wanted: Stamps, begun: Sequence[Kept[CompactSum]], room: int) -> None:
    """Keep a sum, as ``kept.Draft.keep`` does.

    Args:
        draft: What of it is not kept yet.
        wanted: What it sums.
        begun: The kept sums that it began with, the largest one first.
        room: Bytes that sums may take.
    """
    new = _new(draft.total)
    header = {
        "apps": new.apps,
        "long": new.long,
        "first": str(new.first) if new.first else None,
        "form": new.columns.form,
    }
    if not isinstance(draft.total, Joint):
        draft.columns.keep(_KIND, wanted, header, room=room)
        return
    base, *others = begun
    since = {name: stamp for name, stamp in wanted.items() if name not in base.of}
    outdated = [each.path for each in others]
    draft.columns.keep(_KIND, since, header, room=room, needed=[base.path], outdated=outdated)


def _size(found: Kept[CompactSum]) -> int:
    return len(found.made)


def _new(total: Compact) -> CompactSum:
    """What of a sum is not kept yet."""
    return total.top if isinstance(total, Joint) else total


def _made(header: Mapping[str, Any], columns: Sequence[Column]) -> CompactSum:
    first = date.fromisoformat(header["first"]) if header["first"] else None
    hi, lo, counts, entries, days = columns
    bits, *sizes = header["form"]
    table = Columns(hi, lo, counts, entries, days, Form(Bits(*bits), *sizes))
    return CompactSum(table, tuple(header["apps"]), tuple(header["long"]), first)
