"""The bytes of a source, decompressed; its first bytes tell the compression, not its name."""

from __future__ import annotations

import bz2
import io
import lzma
import os
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, cast

from engagement_cli.errors import InputError
from engagement_cli.sources.fingerprint import StreamHash
from engagement_cli.sources.gzip import BadGzipFile, DeflateError, GzipFile
from engagement_cli.sources.zstd import ZstdDecompressor, ZstdError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engagement_cli.sources.discover import Source
    from engagement_cli.sources.fingerprint import Hashing

PLAIN = "none"
_SKIPPABLE = tuple(bytes([first]) + b"\x2a\x4d\x18" for first in range(0x50, 0x60))
"""How a zstd frame begins that holds no data; parallel compressors write one first."""
_DECODERS: dict[str, tuple[tuple[bytes, ...], Callable[[IO[bytes]], Any]]] = {
    "gzip": ((b"\x1f\x8b",), lambda stored: GzipFile(fileobj=stored)),
    "bzip2": ((b"BZh",), lambda stored: _Members(stored, bz2.BZ2Decompressor)),
    "xz": ((b"\xfd7zXZ\x00",), lambda stored: _Members(stored, lzma.LZMADecompressor)),
    "zstd": ((b"\x28\xb5\x2f\xfd", *_SKIPPABLE), lambda stored: _Members(stored, ZstdDecompressor)),
}
_DAMAGE = (EOFError, DeflateError, lzma.LZMAError, ZstdError, BadGzipFile)
_HEAD_BYTES = 6
_STORED_BYTES = 64 * 1024
_UNPACKED_BYTES = 64 * 1024
"""Bytes taken from a decoder at a time: so few are in the cache when they are copied, and in memory
that was used a moment ago, where the system would have to clear new pages for more."""


class Stream:
    """The decompressed bytes of one source, read forward.

    Attributes:
        source: What is read.
        compression: ``none``, ``gzip``, ``bzip2``, ``xz`` or ``zstd``.
        hashing: Hashes the bytes as stored while they are read, if asked for.
    """

    def __init__(self, source: Source, stored: io.BufferedReader, *, hashed: bool = False) -> None:
        self.source = source
        follow = StreamHash() if hashed else None
        self.hashing: Hashing | None = follow
        self._stored = _Counting(stored, follow)
        head = stored.peek(_HEAD_BYTES)[:_HEAD_BYTES]
        self.compression = compression_of(head)
        self._bytes: io.RawIOBase = (
            self._stored
            if self.compression == PLAIN
            else _DECODERS[self.compression][1](cast("IO[bytes]", self._stored))
        )
        self._ahead = b""

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes; empty only at the end.

        Raises:
            InputError: The file cannot be read, or its compression is damaged or cut short.
        """
        if self._ahead:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
            return data
        with reading(self.source, self.compression):
            return self._bytes.read(size) or b""

    def readinto(self, view: memoryview) -> int:
        """Fill ``view``, less only at the end; how many bytes were read.

        Raises:
            InputError: As ``read``.
        """
        done = min(len(self._ahead), len(view))
        view[:done], self._ahead = self._ahead[:done], self._ahead[done:]
        with reading(self.source, self.compression):
            while done < len(view) and (count := self._bytes.readinto(view[done:])):
                done += count
        return done

    def peek(self, size: int) -> bytes:
        """The next bytes, ``size`` of them if the source holds so many, left to be read."""
        while len(self._ahead) < size:
            with reading(self.source, self.compression):
                more = self._bytes.read(size - len(self._ahead))
            if not more:
                break
            self._ahead += more
        return self._ahead[:size]

    @property
    def stored_bytes(self) -> int:
        """Bytes taken from the file so far, as stored."""
        return self._stored.count

    def fingerprint(self) -> str | None:
        """The fingerprint of the source, all of which was read, if it was asked for.

        Raises:
            InputError: What a decoder left unread behind the last of the data cannot be read.
        """
        if self.hashing is None:
            return None
        with reading(self.source, self.compression):
            while self.descriptor is None and self._stored.read(_STORED_BYTES):
                pass
        return self.hashing.hexdigest()

    @property
    def descriptor(self) -> int | None:
        """A file descriptor for reading at any place, if this is a plain regular file."""
        if self.compression != PLAIN or self.source.size is None:
            return None
        return self._stored.fileno()


@contextmanager
def open_stream(source: Source, *, hashed: bool = False) -> Iterator[Stream]:
    """Open a source and hold it to what it was: it may not change while it is read.

    Raises:
        InputError: It cannot be opened or read, is damaged, or changed meanwhile.
    """
    if source.is_stdin and sys.stdin is None:
        raise InputError("Standard input is closed. Give --input a file or a folder.")
    with reading(source, PLAIN):
        stored = sys.stdin.buffer if source.is_stdin else source.path.open("rb")
    try:
        before = _version(source, stored)
        if before and before[0] != source.size:
            raise changed(source)
        with reading(source, PLAIN):
            stream = Stream(source, cast("io.BufferedReader", stored), hashed=hashed)
        yield stream
        if _version(source, stored) != before:
            raise changed(source)
    finally:
        if not source.is_stdin:
            stored.close()


def changed(source: Source) -> InputError:
    """The error that a source is no longer what it was."""
    return InputError(
        f"{source}: the file changed while it was read. "
        "Run again when whatever writes it has finished."
    )


@contextmanager
def reading(source: Source, compression: str) -> Iterator[None]:
    """Turn whatever reading raises into one error that names the source."""
    try:
        yield
    except (*_DAMAGE, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise InputError(f"{source}: cannot be read: {error.strerror}.") from error
        raise InputError(
            f"{source}: damaged or cut short ({compression}: {error}). "
            "Nothing of it was counted; fetch the file again."
        ) from error


def compression_of(head: bytes) -> str:
    """The compression that a file's first bytes tell."""
    for name, (beginnings, _) in _DECODERS.items():
        if head.startswith(beginnings):
            return name
    return PLAIN


def is_compressed(source: Source) -> bool:
    """Whether a file is compressed, as far as it can be read at all."""
    try:
        with source.path.open("rb") as stored:
            return compression_of(stored.read(_HEAD_BYTES)) != PLAIN
    except OSError:
        return False


def _version(source: Source, stored: IO[bytes]) -> tuple[int, int] | None:
    """What tells a change of a file; a pipe has nothing of the kind."""
    if source.size is None:
        return None
    stat = os.fstat(stored.fileno())
    return stat.st_size, stat.st_mtime_ns


class _Members:
    """Compressed members, one behind another, and zero bytes between them, as xz has them.

    Python's own files for these formats pass over whatever follows the last member.
    """

    def __init__(self, stored: IO[bytes], decompressor: Callable[[], Any]) -> None:
        self._stored = stored
        self._new = decompressor
        self._member = decompressor()
        self._ahead = b""

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes; empty only at the end."""
        while True:
            if self._member.eof:
                if not self._next_member():
                    return b""
            elif self._member.needs_input and not self._ahead:
                self._ahead = self._stored.read(_STORED_BYTES)
                if not self._ahead:
                    raise EOFError("the last member is cut short")
            data: bytes = self._member.decompress(self._ahead, size)
            self._ahead = b""
            if data:
                return data

    def readinto(self, view: memoryview) -> int:
        """Read into ``view``; how many bytes, 0 only at the end."""
        data = self.read(min(len(view), _UNPACKED_BYTES))
        view[: len(data)] = data
        return len(data)

    def _next_member(self) -> bool:
        rest = self._member.unused_data.lstrip(b"\0")
        while not rest:
            more = self._stored.read(_STORED_BYTES)
            if not more:
                return False
            rest = more.lstrip(b"\0")
        self._member, self._ahead = self._new(), rest
        return True


class _Counting(io.RawIOBase):
    """Passes reads on, counts the bytes and hashes them if asked to."""

    def __init__(self, inner: io.BufferedReader, follow: StreamHash | None) -> None:
        self._inner = inner
        self._follow = follow
        self.count = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        pieces = []
        while size and (piece := self._inner.read1(size)):  # ctrl-C is seen between the pieces
            pieces.append(piece)
            size -= len(piece)
            self._took(memoryview(piece))
        return b"".join(pieces)

    def readinto(self, buffer: Any, /) -> int:
        size = self._inner.readinto1(buffer)  # ctrl-C is seen between the pieces
        self._took(memoryview(buffer).cast("B")[:size])
        return size

    def fileno(self) -> int:
        return self._inner.fileno()

    def _took(self, data: memoryview) -> None:
        self.count += len(data)
        if self._follow:
            self._follow.update(data)
