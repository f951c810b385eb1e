"""Sums of many partials, kept so that one more day costs a day and not a month.

They are a cache and nothing else: each says which partials it sums, is used only while these
stand as they stood, and may be deleted at any time. Each is a line of JSON and NumPy arrays behind
it, with its hash in its name; a contract stands in it once, and every number in as few bytes as it
needs, so that a month is read in a fraction of a second.
"""

from __future__ import annotations

import hashlib
import io
import json
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from engagement_cli.aggregate import Partial
from engagement_cli.durable import clear_left_over, replacing
from engagement_cli.kernel.layout import Row, rows_of
from engagement_cli.state.manifest import FILE_MODE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from engagement_cli.kernel.layout import Words

    Numbers = NDArray[np.unsignedinteger]


_PREFIX, _SUFFIX = "sum-", ".npy"
_KEPT = 3
_NAME_DIGITS = 32
_MOST_HEADER_BYTES = 16 * 1024 * 1024
_CONTRACTS = 100_000

Stamps = dict[str, int]
"""The file names of partials, and when each was last changed (mtime in ns)."""


def best(folder: Path, wanted: Stamps) -> tuple[Partial, Stamps]:
    """The sum of as many of the wanted partials as one kept sum holds, and which these are."""
    fitting = [
        (len(summed), path, summed)
        for path, summed in _kept(folder)
        if summed.items() <= wanted.items()
    ]
    for _, path, summed in sorted(fitting, reverse=True, key=lambda found: found[:2]):
        with suppress(OSError, ValueError):  # a damaged one is worth nothing, and costs nothing
            return _read(path), summed
    return Partial.empty(), {}


def keep(folder: Path, total: Partial, summed: Stamps, room: int) -> None:
    """Keep a sum; a disk that is full or read-only keeps none.

    Args:
        folder: Where sums are kept.
        total: The sum, canonical.
        summed: What it sums.
        room: Bytes that kept sums may take; the newest few that fit are kept.
    """
    clear_left_over(folder)
    data = _encoded(total, summed)
    with suppress(OSError):
        path = folder / f"{_PREFIX}{_hash(data)}{_SUFFIX}"
        with replacing(path, FILE_MODE) as file:
            file.write(data)
        newest = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for number, old in enumerate(newest):
            room -= old.stat().st_size
            if number and (room < 0 or number >= _KEPT):
                old.unlink(missing_ok=True)


def _kept(folder: Path) -> Iterator[tuple[Path, Stamps]]:
    """The kept sums and what they say they sum, which nothing has checked yet."""
    for path in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
        with suppress(OSError, ValueError, TypeError, KeyError), path.open("rb") as file:
            yield path, dict(json.loads(file.readline(_MOST_HEADER_BYTES))["sums"])


def _encoded(total: Partial, summed: Stamps) -> memoryview:
    starts = total.contracts.starts()
    contracts = total.contracts.take(starts)
    counts = np.diff(np.flatnonzero(np.append(starts, True)))
    header = {"sums": summed, "apps": total.apps, "long": total.long}
    file = io.BytesIO()
    file.write(json.dumps(header).encode() + b"\n")
    for column in (contracts.hi, contracts.lo, counts, total.app, total.seconds, total.lines):
        np.save(file, _narrow(column))
    return file.getbuffer()


def _read(path: Path) -> Partial:
    """A kept sum.

    Raises:
        OSError: It cannot be read.
        ValueError: It is damaged.
    """
    data = path.read_bytes()
    if path.name != f"{_PREFIX}{_hash(data)}{_SUFFIX}":
        raise ValueError(path)
    file = io.BytesIO(data)
    header = json.loads(file.readline())
    columns = [np.lib.format.read_array(file, allow_pickle=False) for _ in range(6)]
    del file, data  # what is made of it is several times as large
    return Partial(_expanded(columns), tuple(header["apps"]), tuple(header["long"]))


def _expanded(columns: Sequence[Numbers]) -> Words:
    """The rows that were encoded; of some contracts at a time, so that memory stays low."""
    hi, lo, counts, app, seconds, lines = columns
    rows = np.empty((len(app), len(Row)), np.uint64)
    ends = np.append(0, np.cumsum(counts, dtype=np.int64))
    for first in range(0, len(counts), _CONTRACTS):
        some = slice(first, first + _CONTRACTS)
        of = slice(ends[first], ends[min(first + _CONTRACTS, len(counts))])
        repeated = np.repeat(hi[some], counts[some]), np.repeat(lo[some], counts[some])
        rows[of] = rows_of(*repeated, app[of], seconds[of], lines[of])
    return rows


def _narrow(column: NDArray[np.integer]) -> NDArray[np.integer]:
    """The column of the narrowest type that holds it; none of its numbers is negative."""
    return column.astype(np.min_scalar_type(int(column.max(initial=0))))


def _hash(data: bytes | memoryview) -> str:
    return hashlib.sha256(data).hexdigest()[:_NAME_DIGITS]
