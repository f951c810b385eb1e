"""What was made of many stored files, kept so that one more day costs a day and not a month.

It is a cache and nothing else: each file of it says what it was made of, is used only while that
stands as it stood, and may be deleted at any time. It is a line of JSON and columns behind it,
every number in as few bytes as the largest needs; the hash of both is in its name.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from engagement_cli.durable import clear_left_over, replacing
from engagement_cli.state.manifest import FILE_MODE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Column = NDArray[np.unsignedinteger]

T = TypeVar("T")

Stamps = dict[str, int]
"""What tells stored files from all others, and when each was last changed (mtime in ns)."""

_SUFFIX = ".bin"
_MOST = 3
_NAME_DIGITS = 32
_MOST_HEADER_BYTES = 16 * 1024 * 1024
_ALIGNED = 64
"""Columns begin at multiples of so many bytes."""
_MADE_OF, _COLUMNS = "sums", "columns"


class Packed(NamedTuple):
    """Columns of narrow types, as they are kept, and the hash of their bytes."""

    columns: list[Column]
    sha256: bytes


def packed(columns: Sequence[Column]) -> Packed:
    """Columns made ready to be kept."""
    narrow = [_narrow(column) for column in columns]
    return Packed(narrow, _sha256(_parts(narrow)))


def best(
    folder: Path,
    kind: str,
    wanted: Stamps,
    made: Callable[[Mapping[str, Any], Sequence[Column]], T],
) -> tuple[T, Stamps] | None:
    """What was made of as many of the wanted files as possible, and which these are.

    Args:
        folder: Where it is kept.
        kind: How the names of such files begin.
        wanted: The files that it may be made of.
        made: What a header and columns are; raises ValueError, TypeError or KeyError if nothing.
    """
    fitting = [
        (len(of), path, of) for path, of in _kept(folder, kind) if of.items() <= wanted.items()
    ]
    for _, path, of in sorted(fitting, reverse=True, key=lambda found: found[:2]):
        with suppress(OSError, ValueError, TypeError, KeyError):  # a damaged one is worth nothing
            return made(*_read(path, kind)), of
    return None


def keep(
    folder: Path,
    kind: str,
    of: Stamps,
    header: Mapping[str, Any],
    columns: Packed,
    *,
    room: int,
) -> None:
    """Keep what was made of stored files; a disk that is full or read-only keeps nothing.

    Args:
        folder: Where it is kept.
        kind: How the names of such files begin.
        of: What it was made of.
        header: What JSON can say of it.
        columns: All else, ready to be kept.
        room: Bytes that such files may take; the newest few that fit are kept.
    """
    clear_left_over(folder)
    line = _line(of, header, columns.columns)
    with suppress(OSError):
        path = folder / _name(kind, line, columns.sha256)
        with replacing(path, FILE_MODE, synced=False) as file:
            file.write(line)
            file.writelines(_parts(columns.columns))
        files = folder.glob(f"{kind}-*{_SUFFIX}")
        newest = sorted(files, key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for number, old in enumerate(newest):
            room -= old.stat().st_size
            if number and (room < 0 or number >= _MOST):
                old.unlink(missing_ok=True)


def _kept(folder: Path, kind: str) -> Iterator[tuple[Path, Stamps]]:
    """The kept files and what they say they were made of, which nothing has checked yet."""
    for path in folder.glob(f"{kind}-*{_SUFFIX}"):
        with suppress(OSError, ValueError, TypeError, KeyError), path.open("rb") as file:
            yield path, dict(json.loads(file.readline(_MOST_HEADER_BYTES))[_MADE_OF])


def _line(of: Stamps, header: Mapping[str, Any], columns: Sequence[Column]) -> bytes:
    """The line that a file begins with."""
    described = [[column.dtype.str, len(column)] for column in columns]
    line = json.dumps({_MADE_OF: of, **header, _COLUMNS: described}).encode()
    return line + b" " * (-(len(line) + 1) % _ALIGNED) + b"\n"


def _parts(columns: Sequence[Column]) -> Iterator[bytes | memoryview]:
    """What stands behind the line, in order."""
    for column in columns:
        yield column.data
        yield bytes(-column.nbytes % _ALIGNED)


def _read(path: Path, kind: str) -> tuple[dict[str, Any], list[Column]]:
    """The header and the columns of a kept file.

    Raises:
        OSError: It cannot be read.
        ValueError, TypeError, KeyError: It is damaged.
    """
    with path.open("rb") as file:
        data = np.empty(path.stat().st_size, np.uint8)
        file.readinto(data.data)
    at = int(np.flatnonzero(data[:_MOST_HEADER_BYTES] == ord("\n"))[0]) + 1
    line = data[:at].tobytes()
    if path.name != _name(kind, line, _sha256([data[at:].data])):
        raise ValueError(path)
    header = json.loads(line)
    columns = []
    for dtype, length in header[_COLUMNS]:
        column = np.frombuffer(data, dtype, length, at)
        columns.append(column)
        at += column.nbytes + -column.nbytes % _ALIGNED
    return header, columns


def _narrow(column: Column) -> Column:
    """The column of the narrowest type that holds it."""
    narrow = column.astype(np.min_scalar_type(int(column.max(initial=0))), copy=False)
    return np.ascontiguousarray(narrow)


def _name(kind: str, line: bytes, sha256: bytes) -> str:
    """What a file is called that begins with a line and has columns of this hash."""
    return f"{kind}-{_sha256([line, sha256]).hex()[:_NAME_DIGITS]}{_SUFFIX}"


def _sha256(parts: Iterable[bytes | memoryview]) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()
