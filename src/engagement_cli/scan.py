"""Reads sources with several threads and gives what they hold in order."""

from __future__ import annotations

import os
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

from engagement_cli import kernel
from engagement_cli.kernel.shapes import KnownShapes
from engagement_cli.ordered import ordered
from engagement_cli.parse.reader import Reader, numbered
from engagement_cli.parse.rules import Fields
from engagement_cli.sources.streams import is_compressed, open_stream
from engagement_cli.tally import Tally
from engagement_cli.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from engagement_cli.parse.chunk import Chunk
    from engagement_cli.parse.formats import Shape
    from engagement_cli.parse.rules import Reject
    from engagement_cli.sources.discover import Source
    from engagement_cli.sources.streams import Stream

T = TypeVar("T")

BLOCK_SIZE = 4 * 1024 * 1024
_COMPRESSION_RATIO = 10
"""How much larger logs are than what they are compressed to, about."""
_SMALL_BYTES = 64 * 1024
"""Of so few bytes nobody needs to know whether they are compressed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How sources are read. None of it changes a result.

    Attributes:
        shape: The shape of every source; None to recognise each.
        fields: The optional fields that are read.
        jobs: How many threads read; None for one a processor.
        block_size: About how many bytes each reads at a time.
        fingerprints: Whether the bytes of each source are hashed while they are read.
    """

    shape: Shape | None = None
    fields: Fields = field(default_factory=Fields)
    jobs: int | None = None
    block_size: int = BLOCK_SIZE
    fingerprints: bool = False

    @property
    def threads(self) -> int:
        """How many threads read."""
        return self.jobs or len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """One block of a source, or its end.

    Attributes:
        source: The source.
        shape: Its shape.
        compression: Its compression.
        done: Bytes of the source, as stored, that are read by now.
        kept: What was made of the block's lines; None at the end of the source.
        tally: What became of them.
        rejects: The rejected ones, by their place in the source.
        height: How many lines of the source they are.
        fingerprint: At the end of the source, the hash of its bytes, if asked for.
    """

    source: Source
    shape: Shape
    compression: str
    done: int
    kept: T | None = None
    tally: Tally = field(default_factory=Tally)
    rejects: Sequence[Reject] = ()
    height: int = 0
    fingerprint: str | None = None

    @property
    def is_end(self) -> bool:
        """Whether the source was read to its end, unchanged."""
        return self.kept is None


def scan(
    sources: Sequence[Source],
    reading: Reading,
    take: Callable[[Source, Chunk], T],
    vocabulary: Vocabulary | None = None,
) -> Generator[Step[T]]:
    """Read sources one behind another. Whoever leaves early closes this, which ends the threads.

    Args:
        sources: What to read, in order.
        reading: How.
        take: Called by the threads with each chunk, in no order; what it gives comes in order.
        vocabulary: The names that the chunks refer to.

    Raises:
        InputError: A source cannot be read to its end, or changed meanwhile.
    """
    with ExitStack() as rest:
        known = KnownShapes() if pays(sources) else None
        opened = _Opened(rest, reading, vocabulary or Vocabulary(), known)
        number = 0
        with closing(ordered(_tasks(sources, opened, take), reading.threads)) as steps:
            for step in steps:
                if step.is_end:
                    number = 0
                    yield replace(step, fingerprint=opened.close(step.source))
                else:
                    yield replace(step, rejects=numbered(step.rejects, step.shape, number))
                    number += step.height


def pays(sources: Iterable[Source]) -> bool:
    """Whether so much is to be read that loading machine code pays."""
    large = sum(map(_expected_bytes, sources)) >= kernel.PAYS_FROM_BYTES
    return large and kernel.available()


def _expected_bytes(source: Source) -> int:
    """About how many bytes a source holds when it is decompressed; a pipe may hold any number."""
    if source.size is None:
        return kernel.PAYS_FROM_BYTES
    may_be_large = source.size * _COMPRESSION_RATIO >= _SMALL_BYTES
    return source.size * (_COMPRESSION_RATIO if may_be_large and is_compressed(source) else 1)


class _Opened:
    """The sources that are open: each until its last step was taken."""

    def __init__(
        self,
        rest: ExitStack,
        reading: Reading,
        vocabulary: Vocabulary,
        known: KnownShapes | None,
    ) -> None:
        self._rest = rest
        self._reading = reading
        self._vocabulary = vocabulary
        self._known = known
        self._open: dict[Source, tuple[Stream, ExitStack]] = {}

    def reader(self, source: Source) -> Reader:
        """A reader of the source, which is open from now on."""
        until_close = self._rest.enter_context(ExitStack())
        hashed = self._reading.fingerprints
        stream = until_close.enter_context(open_stream(source, hashed=hashed))
        self._open[source] = stream, until_close
        return Reader(
            stream,
            shape=self._reading.shape,
            fields=self._reading.fields,
            vocabulary=self._vocabulary,
            known=self._known,
        )

    def tasks(self, reader: Reader) -> Iterator[tuple[int, Callable[[], Chunk]]]:
        """The tasks of a reader."""
        return reader.tasks(self._reading.block_size)

    def close(self, source: Source) -> str | None:
        """Close a source, which must not have changed; its fingerprint, if asked for."""
        stream, until_close = self._open.pop(source)
        fingerprint = stream.fingerprint()
        until_close.close()
        return fingerprint


def _tasks(
    sources: Iterable[Source], opened: _Opened, take: Callable[[Source, Chunk], T]
) -> Iterator[Callable[[], Step[T]]]:
    """The tasks of all sources, one behind another, and behind each source's its end."""
    for source in sources:
        reader = opened.reader(source)
        step: Step[T] = Step(source, reader.shape, reader.stream.compression, 0)
        for done, read in opened.tasks(reader):
            yield partial(_read, replace(step, done=done), read, take)
        size = reader.stream.stored_bytes if source.size is None else source.size
        yield partial(_end, replace(step, done=size))


def _read(step: Step[T], read: Callable[[], Chunk], take: Callable[[Source, Chunk], T]) -> Step[T]:
    chunk = read()
    kept = take(step.source, chunk)
    return replace(step, kept=kept, tally=chunk.tally, rejects=chunk.rejects, height=chunk.height)


def _end(step: Step[T]) -> Step[T]:
    return step
