"""Sums of many partials, kept so that one more day costs a day and not a month.

They are a cache and nothing else: each says which partials it sums, is used only while these
stand as they stood, and may be deleted at any time. Each is a line of JSON and the columns of a
compact sum behind it, every number in as few bytes as the largest needs; its hash is in its name.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from engagement_cli.compact import CompactSum
from engagement_cli.durable import clear_left_over, replacing
from engagement_cli.kernel.compact import Columns
from engagement_cli.state.manifest import FILE_MODE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray


_PREFIX, _SUFFIX = "sum-", ".bin"
_KEPT = 3
_NAME_DIGITS = 32
_MOST_HEADER_BYTES = 16 * 1024 * 1024
_ALIGNED = 64
"""Columns begin at multiples of so many bytes."""

Stamps = dict[str, int]
"""Partials, each with the day it counts for, and when each was last changed (mtime in ns)."""


def best(folder: Path, wanted: Stamps) -> tuple[CompactSum, Stamps]:
    """The sum of as many of the wanted partials as one kept sum holds, and which these are."""
    fitting = [
        (len(summed), path, summed)
        for path, summed in _kept(folder)
        if summed.items() <= wanted.items()
    ]
    for _, path, summed in sorted(fitting, reverse=True, key=lambda found: found[:2]):
        with suppress(OSError, ValueError, TypeError, KeyError):  # a damaged one is worth nothing
            return _read(path), summed
    return CompactSum.empty(), {}


def keep(folder: Path, total: CompactSum, summed: Stamps, room: int) -> None:
    """Keep a sum; a disk that is full or read-only keeps none.

    Args:
        folder: Where sums are kept.
        total: The sum.
        summed: What it sums.
        room: Bytes that kept sums may take; the newest few that fit are kept.
    """
    clear_left_over(folder)
    parts = _encoded(total, summed)
    with suppress(OSError):
        path = folder / f"{_PREFIX}{_hash(parts)}{_SUFFIX}"
        with replacing(path, FILE_MODE, synced=False) as file:
            file.writelines(parts)
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


def _encoded(total: CompactSum, summed: Stamps) -> list[bytes | memoryview]:
    """The parts of a file, in order."""
    columns = [_narrow(column) for column in total.columns]
    header = {
        "sums": summed,
        "apps": total.apps,
        "long": total.long,
        "first": str(total.first) if total.first else None,
        "columns": [[column.dtype.str, len(column)] for column in columns],
    }
    line = json.dumps(header).encode()
    padding = b" " * (-(len(line) + 1) % _ALIGNED)
    parts: list[bytes | memoryview] = [line, padding, b"\n"]
    for column in columns:
        parts += [column.data, bytes(-column.nbytes % _ALIGNED)]
    return parts


def _read(path: Path) -> CompactSum:
    """A kept sum.

    Raises:
        OSError: It cannot be read.
        ValueError, TypeError, KeyError: It is damaged.
    """
    with path.open("rb") as file:
        data = np.empty(path.stat().st_size, np.uint8)
        file.readinto(data.data)
    if path.name != f"{_PREFIX}{_hash([data.data])}{_SUFFIX}":
        raise ValueError(path)
    at = int(np.flatnonzero(data[:_MOST_HEADER_BYTES] == ord("\n"))[0]) + 1
    header = json.loads(data[:at].tobytes())
    columns = []
    for kind, length in header["columns"]:
        column = np.frombuffer(data, kind, length, at)
        columns.append(column.astype(np.uint64, copy=False))
        at += column.nbytes + -column.nbytes % _ALIGNED
    first = date.fromisoformat(header["first"]) if header["first"] else None
    return CompactSum(Columns(*columns), tuple(header["apps"]), tuple(header["long"]), first)


def _narrow(column: NDArray[np.unsignedinteger]) -> NDArray[np.unsignedinteger]:
    """The column of the narrowest type that holds it."""
    return column.astype(np.min_scalar_type(int(column.max(initial=0))), copy=False)


def _hash(parts: list[bytes | memoryview]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:_NAME_DIGITS]
