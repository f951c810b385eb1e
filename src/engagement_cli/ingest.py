"""From logs into stored state: each file that is new or changed, on its own, entirely or not."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from engagement_cli.aggregate import Sum
from engagement_cli.devices import Union
from engagement_cli.durable import uninterrupted
from engagement_cli.errors import InputError, QualityError, UsageError
from engagement_cli.parse.rules import Fields
from engagement_cli.pipeline import Log, Watcher
from engagement_cli.planning import Plan, Request, days_of
from engagement_cli.scan import pays, scan
from engagement_cli.sources.discover import place_of, shown
from engagement_cli.sources.streams import changed, reading
from engagement_cli.state.manifest import Look, StoredFile
from engagement_cli.tally import Tally
from engagement_cli.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from engagement_cli.aggregate import Partial
    from engagement_cli.devices import Devices
    from engagement_cli.parse.chunk import Chunk
    from engagement_cli.quality import RejectLimit
    from engagement_cli.sources.discover import Found, Source
    from engagement_cli.state.generation import Generation
    from engagement_cli.state.writer import Writer

_PIPE = "pipe:"
_RACY_NS = 2_000_000_000
"""A file changed so shortly before it was looked at may change again and look the same: no file
system's clock is coarser than this."""


@dataclass(slots=True)
class Ingested:
    """What an ingest did, file by file.

    Attributes:
        new: Files stored for the first time.
        replaced: Files whose bytes had changed.
        unchanged: Files that were stored already.
        moved: Files stored under a name that is gone: that name, and theirs.
        identical: Files with bytes that another name has: that name, and theirs.
        mended: Files whose bytes were stored and damaged, and are stored anew.
        devices: Files whose bytes were stored without their devices, and now are with them.
        refused: Files over the limit of rejects, which are not stored, and their first reject.
        failed: What was wrong with files that could not be read to their end.
        passed_over: Files in the folders that are never logs.
        bytes: Bytes read, as stored.
        tally: What became of the lines of the files that were read.
        began: Whether it was found out yet which files are stored.
    """

    new: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    moved: list[tuple[str, str]] = field(default_factory=list)
    identical: list[tuple[str, str]] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    devices: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    passed_over: int = 0
    bytes: int = 0
    tally: Tally = field(default_factory=Tally)
    began: bool = False

    @property
    def stored(self) -> int:
        """How many files this ingest stored or found stored."""
        pairs = (name for _, name in [*self.moved, *self.identical])
        return len({*self.new, *self.replaced, *self.unchanged, *pairs})

    def as_dict(self) -> dict[str, Any]:
        """What was done, as JSON has it."""
        return {
            "new": self.new,
            "replaced": self.replaced,
            "unchanged": self.unchanged,
            "moved": [list(pair) for pair in self.moved],
            "identical": [list(pair) for pair in self.identical],
            "mended": self.mended,
            "devices_added": self.devices,
            "refused": [name for name, _ in self.refused],
            "failed": self.failed,
            "bytes": self.bytes,
            "lines": self.tally.lines,
            "valid": self.tally.valid,
            "rejected": self.tally.rejects,
            "blank": self.tally.blank,
        }

    @property
    def is_whole(self) -> bool:
        """Whether every file is stored."""
        return not self.failed and not self.refused

    def judge(self) -> None:
        """Refuse to go on where a file is not stored.

        Raises:
            InputError: A file could not be read to its end.
            QualityError: A file is over the limit of rejects.
        """
        if self.failed:
            raise InputError("\n".join([*self.failed, "The other files are stored."]))
        if self.refused:
            raise QualityError(
                f"{len(self.refused)} files with too many rejected lines are not stored; the "
                f"others are. The first line: {self.refused[0][1]}. Mend the files, or accept some "
                "with --max-rejects (100, or 0.01%); --rejects FILE keeps them all."
            )


@dataclass(frozen=True, slots=True)
class _Read:
    """A source that was read to its end, and how it looked where that tells a later change."""

    source: Source
    partial: Partial
    devices: Devices | None
    followed: Log
    look: Look | None


def fresh(request: Request, sources: Iterable[Source], state: Generation) -> list[Source]:
    """The sources that are new or changed, or of which devices are asked for that are not stored.

    That is as far as a look can tell; a look reads none of them.

    Raises:
        InputError: One of them cannot be looked at.
    """
    devices = request.devices
    return [source for source in sources if not _is_stored(source, state, devices=devices)]


def ingest(request: Request, found: Found, state: Writer, watcher: Watcher, done: Ingested) -> None:
    """Store every file that is new or changed, one after another.

    Args:
        request: How to read, and how many rejects each file may have.
        found: The files.
        state: Where to store them.
        watcher: Is told of the progress.
        done: Is filled in as files are stored, so that it tells how far an interrupt let it come.

    Raises:
        InputError: A file cannot be looked at.
        UsageError: The view needs devices that nobody said to keep.
        OutputError: The state cannot be written; what is stored stands.
    """
    require_what_the_view_needs(request, found, state.manifest.files)
    if request.devices:
        state.begin_devices()
    sources = fresh(request, found.sources, state)
    done.began, done.passed_over = True, found.passed_over
    done.unchanged += [str(source) for source in found.sources if source not in sources]
    watcher.starts(Plan(sources, days_of(sources), [], found.passed_over))
    for source in sources:
        try:
            read = _read(source, request, watcher)
        except InputError as error:
            done.failed.append(str(error))
        else:
            with uninterrupted():
                _store(read, request.max_rejects, state, done)


def require_what_the_view_needs(request: Request, found: Found, known: Collection[str]) -> None:
    """Refuse to store new files without the devices that are asked for in the end.

    Args:
        request: What is asked for.
        found: The files.
        known: Names of those that are stored.

    Raises:
        UsageError: There are such files.
    """
    if not request.view.needs_devices or request.devices:
        return
    new = [one for one in found.sources if one.size is None or _name(one) not in known]
    if new:
        raise UsageError(
            f"{new[0]}: would be stored without its devices, which are asked for. Nothing was "
            "stored. Add --devices, or leave the feature devices out of --features."
        )


def _store(read: _Read, limit: RejectLimit, state: Writer, done: Ingested) -> None:
    """Commit one file that was read, unless it has too many rejects."""
    source, found = read.source, read.followed
    assert found.tally.balances, found.tally
    assert found.fingerprint is not None
    done.bytes += found.stored_bytes
    done.tally += found.tally
    if limit.exceeded_by(found.tally):
        done.refused.append((str(source), found.first_reject))
        return
    file = StoredFile(_name(source, found.fingerprint), source.day, found.fingerprint, read.look)
    known = state.manifest.files
    before = known.get(file.name)
    is_old = before is not None and before.content == file.content
    going = [] if is_old else _others_of(file, known.values())
    names = [of.name for of in going]
    lacks = read.devices is not None and not state.knows(file.content, devices=True)
    lacked = lacks and state.knows(file.content)
    facts = read.partial, found.tally, found.stored_bytes
    if state.commit(file, *facts, names, devices=read.devices):
        done.mended.append(str(source))
    elif lacked:
        done.devices.append(str(source))
    _tell(str(source), file, known, going, done, empty=not found.stored_bytes)


def _tell(
    name: str,
    file: StoredFile,
    known: Mapping[str, StoredFile],
    going: Sequence[StoredFile],
    done: Ingested,
    *,
    empty: bool,
) -> None:
    """Put down what became of a file, judged by the files that were known before."""
    before = known.get(file.name)
    same = [of.name for of in known.values() if of.content == file.content and of not in going]
    if before and before.content == file.content:
        done.unchanged.append(name)
        return
    if before or any(of.content != file.content for of in going):
        done.replaced.append(name)
    done.moved += [(shown(of.name), name) for of in going if of.content == file.content]
    if same and not empty:  # empty ones are not alike
        done.identical.append((shown(min(same)), name))
    elif not before and not going:
        done.new.append(name)


def _others_of(file: StoredFile, known: Iterable[StoredFile]) -> list[StoredFile]:
    """The stored files that are this one, under names it had before or has besides."""
    there = os.path.realpath(file.name)
    return [of for of in known if of.name != file.name and _is_same(of, file, there)]


def _is_same(of: StoredFile, file: StoredFile, there: str) -> bool:
    """Whether a stored file is another one, which is ``there`` now.

    It is where it is another spelling of its name; where it has the same bytes and day and nothing
    is left at its place; or where it leads there, and had the bytes from before.
    """
    if of.name.startswith(_PIPE) or file.name.startswith(_PIPE):
        return False
    if place_of(of.name) == file.name:
        return True
    if of.content == file.content:
        return of.day == file.day and not os.path.lexists(of.name)
    return os.path.realpath(of.name) == there


def _read(source: Source, request: Request, watcher: Watcher) -> _Read:
    """Read one source and add up its lines.

    Raises:
        InputError: It cannot be read to its end, or changed meanwhile.
    """
    vocabulary = Vocabulary()
    total = Sum(vocabulary, compiled=pays([source]))
    devices = Union()

    def add(_: Source, chunk: Chunk) -> bool:
        total.add(chunk)
        if request.devices:
            devices.add(chunk)
        return True

    began, look = time.time_ns(), _look(source)
    how = replace(request.reading, fingerprints=True, fields=Fields(mac=request.devices))
    followed = Log(watcher)
    followed.follow(scan([source], how, add, vocabulary))
    if _look(source) != look:
        raise changed(source)
    settled = look if look and look.changed_ns < began - _RACY_NS else None
    named = devices.total() if request.devices else None
    return _Read(source, total.total(), named, followed, settled)


def _is_stored(source: Source, state: Generation, *, devices: bool) -> bool:
    look = _look(source)
    return look is not None and state.finds(_name(source), look, source.day, devices=devices)


def _name(source: Source, content: str = "") -> str:
    """What a file is stored under: where it is; what came through a pipe is known by its bytes."""
    return f"{_PIPE}{content}" if source.size is None else place_of(source.name)


def _look(source: Source) -> Look | None:
    """How a file looks; a pipe looks like nothing.

    Raises:
        InputError: It cannot be looked at.
    """
    if source.size is None:
        return None
    with reading(source, "none"):
        stat = source.path.stat()
    return Look(stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
