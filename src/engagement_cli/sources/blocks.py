"""Blocks of whole lines, cut out of a source without looking at what the lines say."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engagement_cli.errors import InputError
from engagement_cli.memory import PAGE_BYTES, next_page
from engagement_cli.schema import MAX_LINE_BYTES
from engagement_cli.sources.fingerprint import RangesHash
from engagement_cli.sources.streams import reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from engagement_cli.sources.streams import Stream

PADDING = 64
"""Readable bytes behind the last line of every block, so that a reader may look at whole words."""
BOM = b"\xef\xbb\xbf"
_TAIL_BYTES = 4 * 1024
_mine = threading.local()


@dataclass(frozen=True, slots=True)
class Lines:
    """Whole lines of one source.

    A line that goes on behind its block is there to its end, or to one byte behind
    ``MAX_LINE_BYTES``: long enough to be told as too long.

    Attributes:
        buffer: The bytes, and ``PADDING`` bytes or more of any value behind ``stop``. Where lines
            are a range of a file, the thread that reads its next range reads it into this buffer.
        start: Where the first line begins in ``buffer``.
        stop: Where the last line ends.
        offset: Where ``start`` is in the decompressed source, in bytes.
        places: Physical line number (from 1) and byte offset of each line, one behind the other,
            where lines were taken out of a larger document; None where they are the source's own.
    """

    buffer: bytearray
    start: int
    stop: int
    offset: int
    places: Sequence[int] | None = None

    @classmethod
    def of(cls, data: bytes, offset: int, places: Sequence[int] | None = None) -> Lines:
        """A block of these bytes."""
        return cls(bytearray().join((data, bytes(PADDING))), 0, len(data), offset, places)

    @property
    def bytes(self) -> bytes:
        """A copy of the lines."""
        return bytes(memoryview(self.buffer)[self.start : self.stop])


def ranges(stream: Stream, descriptor: int, block_size: int) -> Iterator[Callable[[], Lines]]:
    """The blocks of a plain file, each read when it is called, by whichever thread calls it."""
    size = stream.source.size or 0
    hashing = RangesHash(size) if stream.hashing else None
    stream.hashing = hashing
    for start in range(0, size, block_size):
        stop = min(start + block_size, size)
        yield _Range(stream, descriptor, hashing, start, stop, size).read


def last_line_end(buffer: bytearray, stop: int) -> int:
    """Where the last whole line of ``buffer[:stop]`` ends; 0 without one."""
    return buffer.rfind(b"\n", 0, stop) + 1


def pass_mark(stream: Stream) -> int:
    """Pass over the byte order mark of a stream, if it begins with one; how many bytes it is."""
    return len(stream.read(len(BOM))) if stream.peek(len(BOM)) == BOM else 0


def cut(
    stream: Stream,
    block_size: int,
    last_end: Callable[[bytearray, int], int] = last_line_end,
) -> Iterator[Lines]:
    """The blocks of a stream, read forward; ``last_end`` tells where a block may end."""
    offset, carry = pass_mark(stream), b""
    while True:
        buffer = bytearray(len(carry) + block_size + PADDING)
        buffer[: len(carry)] = carry
        stop = len(carry) + stream.readinto(memoryview(buffer)[len(carry) : -PADDING])
        if stop == len(carry):
            break
        end = last_end(buffer, stop)
        carry = bytes(memoryview(buffer)[end:stop])  # whoever gets the block may write behind it
        if end:
            yield Lines(buffer, 0, end, offset)
        offset += end
        line = carry.rfind(b"\n") + 1
        if len(carry) - line > MAX_LINE_BYTES:
            yield Lines.of(carry[: line + MAX_LINE_BYTES + 1], offset)
            rest, skipped = _skip_line(stream, block_size)
            offset += len(carry) + skipped
            carry = rest
    if carry:
        yield Lines.of(carry, offset)


def _skip_line(stream: Stream, block_size: int) -> tuple[bytes, int]:
    """Pass over the rest of a line; what was read behind it, and how much was passed over."""
    skipped = 0
    while data := stream.read(block_size):
        end = data.find(b"\n") + 1
        if end:
            return data[end:], skipped + end
        skipped += len(data)
    return b"", skipped


@dataclass(frozen=True, slots=True)
class _Range:
    """The lines that begin in a range of a file."""

    stream: Stream
    descriptor: int
    hashing: RangesHash | None
    start: int
    stop: int
    size: int

    def read(self) -> Lines:
        buffer, at = _buffer(PAGE_BYTES + self.stop - self.start + _TAIL_BYTES + PADDING)
        stop = at + self.stop - self.start
        before = at - min(self.start, 1)  # the byte there tells whether a line begins at start
        self._fill(memoryview(buffer)[before:stop], self.start - (at - before))
        if self.hashing:
            self.hashing.cover(self.start, memoryview(buffer)[at:stop], self._more)
        begin = buffer.find(b"\n", before, stop) + 1 if self.start else at
        if not begin:
            return Lines(buffer, stop, stop, self.stop)
        if stop > begin and buffer[stop - 1] != ord("\n"):
            line = buffer.rfind(b"\n", begin, stop) + 1 or begin
            tail = self._tail(MAX_LINE_BYTES + 1 - (stop - line))
            if len(tail) > _TAIL_BYTES:
                buffer = buffer[:stop] + tail + bytes(PADDING)
            buffer[stop : stop + len(tail)] = tail
            stop += len(tail)
        if self.start == 0 and buffer.startswith(BOM, at, stop):
            begin += len(BOM)
        return Lines(buffer, begin, max(begin, stop), self.start - at + begin)

    def _more(self, size: int, offset: int) -> bytes:
        data = bytearray(size)
        self._fill(memoryview(data), offset)
        return bytes(data)

    def _fill(self, view: memoryview, offset: int) -> None:
        done = 0
        with reading(self.stream.source, self.stream.compression):
            while done < len(view):
                count = os.preadv(self.descriptor, [view[done:]], offset + done)
                if not count:
                    raise InputError(
                        f"{self.stream.source}: the file became shorter while it was read. "
                        "Run again when whatever writes it has finished."
                    )
                done += count

    def _tail(self, most: int) -> bytes:
        """What is left of the last line behind ``stop``, ``most`` bytes of it at most."""
        tail = b""
        while len(tail) < most and self.stop + len(tail) < self.size:
            with reading(self.stream.source, self.stream.compression):
                more = os.pread(self.descriptor, _TAIL_BYTES, self.stop + len(tail))
            end = more.find(b"\n") + 1
            tail += more[: end or len(more)]
            if end or not more:
                break
        return tail[: max(most, 0)]


def _buffer(size: int) -> tuple[bytearray, int]:
    """At least so many bytes, the same for each range that this thread reads, and where to begin.

    The system clears every new page, and what was used a moment ago is in the cache.
    """
    if len(getattr(_mine, "buffer", b"")) < size:
        _mine.buffer = bytearray(size + PAGE_BYTES)
    buffer: bytearray = _mine.buffer
    return buffer, next_page(buffer)
