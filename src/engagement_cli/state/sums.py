"""Sums of many partials, kept so that one more day costs a day and not a month.

They are a cache and nothing else: each says which partials it sums, is used only while these
stand as they stood, and may be deleted at any time.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from engagement_cli.aggregate import Partial
from engagement_cli.durable import clear_left_over, replacing
from engagement_cli.errors import StateError
from engagement_cli.state import partials
from engagement_cli.state.manifest import FILE_MODE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


_PREFIX = "sum"
_KEPT = 3

Stamps = dict[str, int]
"""The file names of partials, and when each was last changed (mtime in ns)."""


def best(folder: Path, wanted: Stamps) -> tuple[Partial, set[str]]:
    """The sum of as many of the wanted partials as one kept sum holds, and which these are."""
    fitting = [
        (len(summed), path, summed)
        for path, summed in _kept(folder)
        if summed.items() <= wanted.items()
    ]
    for _, path, summed in sorted(fitting, reverse=True, key=lambda found: found[:2]):
        with suppress(StateError):  # a damaged one is worth nothing, and costs nothing
            return partials.read(path, partials.hash_in_name(path)).partial, set(summed)
    return Partial.empty(), set()


def keep(folder: Path, total: Partial, summed: Stamps) -> None:
    """Keep a sum, and only the newest few; a disk that is full or read-only keeps none."""
    clear_left_over(folder)
    encoded = partials.encode(total, {"sums": dict(summed)})
    with suppress(OSError):
        path = folder / encoded.file_name(_PREFIX)
        with replacing(path, FILE_MODE) as file:
            file.write(encoded.data)
        newest = sorted(folder.glob(f"{_PREFIX}-*"), key=lambda path: path.stat().st_mtime_ns)
        for old in newest[:-_KEPT]:
            old.unlink(missing_ok=True)


def _kept(folder: Path) -> Iterator[tuple[Path, Stamps]]:
    """The kept sums and what their footers say, which nothing has checked yet."""
    for path in folder.glob(f"{_PREFIX}-*{partials.SUFFIX}"):
        if isinstance(summed := partials.footer(path).get("sums"), dict):
            yield path, summed
