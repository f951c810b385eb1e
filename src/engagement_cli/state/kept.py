"""What was made of many stored files, kept so that one more day costs a day and not a month.

It is a cache and nothing else: each file of it says what it was made of, is used only while that
stands as it stood, and may be deleted at any time. It is columns, JSON behind them, and 8 bytes
that tell how long that is. What its name ends with is a hash of the JSON and of a checksum of each
mebibyte of the columns, which finds what a disk may do to them in a fifth of the time that a hash
takes.
"""

from __future__ import annotations

import hashlib
import json
import math
import mmap
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import numpy as np

from engagement_cli.durable import Aside
from engagement_cli.memory import page_aligned
from engagement_cli.state.manifest import FILE_MODE

try:
    from isal.isal_zlib import crc32
except ImportError:
    from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Column = NDArray[np.unsignedinteger]

T = TypeVar("T")

Stamps = dict[str, int]
"""What tells stored files from all others, and when each was last changed (mtime in ns)."""

_SUFFIX = ".bin"
_MOST = 3
_NAME_DIGITS = 32
_MOST_JSON_BYTES = 16 * 1024 * 1024
_LENGTH_BYTES = 8
_CHECKED_BYTES = 1024 * 1024
_ALIGNED = 64
"""Columns begin at multiples of so many bytes."""
_MADE_OF, _COLUMNS = "sums", "columns"


class Kept(NamedTuple, Generic[T]):
    """What was made, of which files, and where it is kept."""

    made: T
    of: Stamps
    path: Path


def best(
    folder: Path,
    kind: str,
    wanted: Stamps,
    made: Callable[[Mapping[str, Any], Sequence[Column]], T],
) -> Iterator[Kept[T]]:
    """What was made of as many of the wanted files as possible, then of others, and so on.

    Args:
        folder: Where it is kept.
        kind: How the names of such files begin.
        wanted: The files that it may be made of; none is in two of what is found.
        made: What a header and columns are; raises ValueError, TypeError or KeyError if nothing.
    """
    fitting = [
        (len(of), path, of) for path, of in _kept(folder, kind) if of.items() <= wanted.items()
    ]
    found: set[str] = set()
    for _, path, of in sorted(fitting, reverse=True, key=lambda fitting: fitting[:2]):
        if found.isdisjoint(of):
            with suppress(OSError, ValueError, TypeError, KeyError):  # if damaged, worth nothing
                yield Kept(made(*_read(path, kind)), of, path)
                found.update(of)


class Draft:
    """Columns that are written aside, and kept once it is known what they are made of."""

    def __init__(self, folder: Path, columns: Sequence[Column]) -> None:
        """Write columns aside.

        Args:
            folder: Where they may be kept.
            columns: The columns.

        Raises:
            OSError: They cannot be written.
        """
        self._described = [[column.dtype.str, column.shape] for column in columns]
        self._folder = folder
        self._checksums = _Checksums()
        self._aside = Aside(folder, FILE_MODE)
        try:
            for column in columns:
                self._write(column.reshape(-1).view(np.uint8).data)
                self._write(memoryview(bytes(-column.nbytes % _ALIGNED)))
        except OSError:
            self.drop()
            raise

    def _write(self, data: memoryview) -> None:
        self._checksums.add(data)
        self._aside.file.write(data)

    def keep(
        self,
        kind: str,
        of: Stamps,
        header: Mapping[str, Any],
        *,
        room: int,
        needed: Collection[Path] = (),
        outdated: Collection[Path] = (),
    ) -> None:
        """Keep them.

        Args:
            kind: How the names of such files begin.
            of: What they were made of.
            header: What JSON can say besides.
            room: Bytes that such files may take; the newest few that fit are kept.
            needed: Files of the same kind that stay, whatever room they take.
            outdated: Others that go.

        Raises:
            OSError: They cannot be kept.
        """
        told = json.dumps({_MADE_OF: of, **header, _COLUMNS: self._described}).encode()
        name = _name(kind, told, self._checksums)
        try:
            self._aside.file.write(told + len(told).to_bytes(_LENGTH_BYTES, "little"))
            self._aside.put(self._folder / name)
        except OSError:
            self.drop()
            raise
        files = self._folder.glob(f"{kind}-*{_SUFFIX}")
        stay = {self._folder / name, *needed}
        newest = sorted(files, key=lambda path: (path in stay, path.stat().st_mtime_ns))
        for number, path in enumerate(reversed(newest)):
            room -= path.stat().st_size
            if path not in stay and (path in outdated or room < 0 or number >= _MOST):
                path.unlink(missing_ok=True)

    def drop(self) -> None:
        """Keep nothing."""
        self._aside.drop()


def _kept(folder: Path, kind: str) -> Iterator[tuple[Path, Stamps]]:
    """The kept files and what they say they were made of, which nothing has checked yet."""
    for path in folder.glob(f"{kind}-*{_SUFFIX}"):
        with suppress(OSError, ValueError, TypeError, KeyError), path.open("rb") as file:
            file.seek(-_LENGTH_BYTES, os.SEEK_END)
            length = _length(file.read())
            file.seek(-_LENGTH_BYTES - length, os.SEEK_END)
            yield path, dict(json.loads(file.read(length))[_MADE_OF])


def _length(data: bytes) -> int:
    """How long the JSON is, by what stands behind it.

    Raises:
        ValueError: It cannot be so long.
    """
    length = int.from_bytes(data, "little")
    if length > _MOST_JSON_BYTES:
        raise ValueError(length)
    return length


def _read(path: Path, kind: str) -> tuple[dict[str, Any], list[Column]]:
    """The header and the columns of a kept file; 8 bytes or more behind each may be read.

    It is read once to be checked, since an error of the disk could not be told of later; from then
    on it is in the system's memory, where the columns stay.

    Raises:
        OSError: It cannot be read.
        ValueError, TypeError, KeyError: It is damaged.
    """
    checksums = _Checksums()
    with path.open("rb", buffering=0) as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        end = len(data) - _LENGTH_BYTES
        begin = end - _length(data[end:])
        piece, told = page_aligned(_CHECKED_BYTES), data[begin:end]
        while size := file.readinto(piece[: begin - file.tell()]):
            checksums.add(piece[:size])
    if path.name != _name(kind, told, checksums):
        raise ValueError(path)
    header = json.loads(told)
    columns, at = [], 0
    for dtype, shape in header[_COLUMNS]:
        column = np.frombuffer(data, dtype, math.prod(shape), at).reshape(shape)
        columns.append(column)
        at += column.nbytes + -column.nbytes % _ALIGNED
    return header, columns


def _name(kind: str, told: bytes, checksums: _Checksums) -> str:
    """What a file is called that says this of columns of these checksums."""
    digest = hashlib.sha256(told + checksums.all())
    return f"{kind}-{digest.hexdigest()[:_NAME_DIGITS]}{_SUFFIX}"


class _Checksums:
    """The CRC-32 of each mebibyte of some bytes."""

    def __init__(self) -> None:
        self._whole: list[int] = []
        self._last = self._size = 0

    def add(self, data: memoryview) -> None:
        """Add bytes behind those before them."""
        while len(data):
            piece, data = data[: _CHECKED_BYTES - self._size], data[_CHECKED_BYTES - self._size :]
            self._last = crc32(piece, self._last)
            self._size += len(piece)
            if self._size == _CHECKED_BYTES:
                self._whole.append(self._last)
                self._last = self._size = 0

    def all(self) -> bytes:
        """All checksums, one behind the other."""
        return b"".join(checksum.to_bytes(4) for checksum in (*self._whole, self._last))
