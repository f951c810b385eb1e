"""Hits inside larger JSON documents: search responses, page behind page, and arrays of hits.

A document is read forward and its hits are handed on as lines, so that memory does not grow with
it and one reader judges all. A hit that breaks a rule is a reject like any line; a document whose
own structure is broken cannot be read on and is an error.
"""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import msgspec

from engagement_cli import kernel
from engagement_cli.errors import InputError
from engagement_cli.schema import MAX_LINE_BYTES
from engagement_cli.sources.blocks import Lines, pass_mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engagement_cli.kernel.cut import Cutter
    from engagement_cli.sources.streams import Stream

_SPACE = re.compile(rb"[ \t\r\n]*+")
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_FLAT = rb'[^{}\[\]"]|' + _STRING
_INNER = rb"\{(?:" + _FLAT + rb")*+\}|\[(?:" + _FLAT + rb")*+\]"
_SHALLOW_OBJECT = re.compile(rb"\{(?:" + _FLAT + rb"|" + _INNER + rb")*+\}", re.DOTALL)
_TOKEN = re.compile(_STRING + rb'|[{}\[\]"]', re.DOTALL)
_SCALAR = re.compile(_STRING + rb'|[^"{}\[\],: \t\r\n]++', re.DOTALL)
_LINE_ENDS = bytes.maketrans(b"\r\n", b"\t\t")


def array_blocks(stream: Stream, block_size: int, *, fast: bool = False) -> Iterator[Lines]:
    """The elements of JSON arrays, one behind another, as blocks of lines.

    ``fast`` cuts objects apart by machine code, which changes nothing else.
    """
    yield from _as_blocks(_arrays(_Scanner(stream, block_size, fast=fast)), block_size)


def search_blocks(stream: Stream, block_size: int, *, fast: bool = False) -> Iterator[Lines]:
    """The elements of ``hits.hits`` of search responses, likewise."""
    yield from _as_blocks(_responses(_Scanner(stream, block_size, fast=fast)), block_size)


def _as_blocks(elements: Iterator[_Elements], block_size: int) -> Iterator[Lines]:
    """Blocks of one element a line."""
    batch: list[bytes] = []
    places = array("q")
    size = 0
    for text, more in elements:
        batch.append(text)
        places.extend(more)
        size += len(text)
        if size >= block_size:
            yield Lines.of(b"\n".join(batch), 0, places)
            batch, places, size = [], array("q"), 0
    if batch:
        yield Lines.of(b"\n".join(batch), 0, places)


def _arrays(scanner: _Scanner) -> Iterator[_Elements]:
    while scanner.look():
        yield from _elements(scanner)


def _responses(scanner: _Scanner) -> Iterator[_Elements]:
    while scanner.look():
        for key in _members(scanner):
            if key == "hits" and scanner.look() == b"{":
                for inner in _members(scanner):
                    if inner == "hits" and scanner.look() == b"[":
                        yield from _elements(scanner)
                    else:
                        scanner.skip_value()
            else:
                scanner.skip_value()


def _elements(scanner: _Scanner) -> Iterator[_Elements]:
    """The elements of the array that begins here."""
    scanner.expect(b"[")
    if scanner.look() == b"]":
        scanner.expect(b"]")
        return
    while True:
        scanner.look()
        yield scanner.elements()
        if scanner.expect(b",", b"]") == b"]":
            return


def _members(scanner: _Scanner) -> Iterator[str]:
    """The keys of the object that begins here; whoever asks reads each value before the next."""
    scanner.expect(b"{")
    if scanner.look() == b"}":
        scanner.expect(b"}")
        return
    seen: set[str] = set()
    while True:
        key = scanner.key()
        if key in seen:
            scanner.fail(f"the key {key!r} stands twice in one object")
        seen.add(key)
        scanner.expect(b":")
        yield key
        if scanner.expect(b",", b"}") == b"}":
            return


class _Elements(NamedTuple):
    """Elements of an array.

    Attributes:
        text: One a line: line ends in them became tabs, white space like them in JSON.
        places: The line (from 1) and the byte at which each begins, one behind the other.
    """

    text: bytes
    places: array[int]


class _Scanner:
    """A window on a stream that moves forward over JSON values."""

    def __init__(self, stream: Stream, block_size: int, *, fast: bool) -> None:
        self._stream = stream
        self._block_size = block_size
        self._before = pass_mark(stream)
        self._data = stream.read(block_size)
        self._at = 0
        self._line, self._counted = 1, 0
        self._cutter = _cutter() if fast and kernel.available("documents") else None

    def look(self) -> bytes:
        """Pass over white space; the byte that comes next, empty at the end."""
        while True:
            found = _SPACE.match(self._data, self._at)
            assert found is not None
            self._at = found.end()
            if self._at < len(self._data) or not self._more():
                return self._data[self._at : self._at + 1]

    def expect(self, *wanted: bytes) -> bytes:
        """Pass over one of these bytes."""
        found = self.look()
        if found not in wanted:
            self.fail(f"expected {' or '.join(byte.decode() for byte in wanted)}")
        self._at += 1
        return found

    def key(self) -> str:
        """Pass over a key; the key."""
        self.look()
        try:
            return msgspec.json.decode(self.value(), type=str)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return self.fail("expected a key")

    def skip_value(self) -> None:
        """Pass over a value that is not kept; it must be JSON all the same."""
        self.look()
        value = self.value()
        try:
            str(value, "utf-8")
            msgspec.json.decode(value, type=msgspec.Raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.fail("not JSON")

    def elements(self) -> _Elements:
        """Pass over the element of an array that begins here, and over further ones."""
        self._count_lines()
        if self._cutter:
            cut = self._cutter.objects(self._data, self._at, self._line, self._before)
            if cut:
                self._at = self._counted = cut.end
                self._line = cut.line
                return _Elements(cut.text, cut.places)
        line, byte = self._line, self._before + self._at
        text = self.value()
        on_one_line = text.translate(_LINE_ENDS) if b"\n" in text else text
        return _Elements(on_one_line, array("q", (line, byte)))

    def value(self) -> bytes:
        """Pass over the value that begins here; its text, bounded but not yet judged."""
        while (end := self._end_of_value()) is None:
            if len(self._data) - self._at > MAX_LINE_BYTES:
                self.fail(f"a value of more than {MAX_LINE_BYTES} bytes")
            if not self._more():
                self.fail("the document ends too early")
        text = self._data[self._at : end]
        self._at = end
        return text

    def fail(self, what: str) -> NoReturn:
        """Say that the document is broken here."""
        self._count_lines()
        raise InputError(
            f"{self._stream.source}: line {self._line}, byte {self._before + self._at}: "
            f"{what}. The document is damaged there; fetch the file again."
        )

    def _end_of_value(self) -> int | None:
        """Where the value that begins here ends; None if it goes on behind the window."""
        if self._data[self._at : self._at + 1] not in (b"{", b"["):
            found = _SCALAR.match(self._data, self._at)
            if found is None and self._data[self._at : self._at + 1] not in (b'"', b""):
                self.fail("expected a value")
            return found.end() if found and found.end() < len(self._data) else None
        if shallow := _SHALLOW_OBJECT.match(self._data, self._at):
            return shallow.end()
        depth = 0
        for token in _TOKEN.finditer(self._data, self._at):
            text = token.group()
            if text == b'"':
                return None
            depth += (text in b"{[") - (text in b"}]")
            if not depth:
                return token.end()
        return None

    def _count_lines(self) -> None:
        self._line += self._data.count(b"\n", self._counted, self._at)
        self._counted = self._at

    def _more(self) -> bool:
        """Move the window on by one block; whether there was one."""
        data = self._stream.read(self._block_size)
        self._count_lines()
        self._before += self._at
        self._data = self._data[self._at :] + data
        self._at = self._counted = 0
        return bool(data)


def _cutter() -> Cutter:
    from engagement_cli.kernel.cut import Cutter  # noqa: PLC0415 - machine code

    return Cutter()
