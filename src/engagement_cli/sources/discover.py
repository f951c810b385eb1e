"""Which files are logs: folders walked in natural order, globs, single files, standard input."""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING

from engagement_cli.errors import InputError, NoInputError, UsageError
from engagement_cli.sources.days import day_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

STDIN = "-"
_NEVER_LOGS = re.compile(
    r"\.(crc|md5|sha\d+|tmp|part|partial|crdownload|sw[op]|bak|csv(\.\w+)?|parquet|ya?ml|sqlite|db|md)$|~$",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Source:
    """One input file, or standard input.

    Attributes:
        name: The path as the user would write it; ``-`` for standard input.
        day: Its day, if its name, its folders or ``--date`` tell one.
        size: Bytes as stored, compressed or not; None where that is not known (a pipe).
    """

    name: str
    day: date | None
    size: int | None

    def __str__(self) -> str:
        return shown(self.name)

    @property
    def is_stdin(self) -> bool:
        """Whether this is standard input."""
        return self.name == STDIN

    @property
    def path(self) -> Path:
        """Where the file is."""
        return Path(self.name)


@dataclass(frozen=True, slots=True)
class Found:
    """The logs that were found, ordered by day and then naturally by name.

    Attributes:
        sources: Every log once, even if it was named twice.
        passed_over: Files in folders that are never logs: hidden ones, ``_SUCCESS``, checksums.
    """

    sources: tuple[Source, ...]
    passed_over: int


def discover(inputs: Sequence[str], *, day: date | None = None, apart: Path | None = None) -> Found:
    """Find the logs that ``inputs`` name.

    Args:
        inputs: Folders, files, glob patterns, or ``-``.
        day: The day of input whose name tells none.
        apart: A folder that is passed by where it lies within another; a state is no log.

    Raises:
        UsageError: A path does not exist.
        NoInputError: Nothing that was named is a log.
        InputError: A folder or file cannot be looked at.
    """
    sources: dict[tuple[int, int] | str, Source] = {}
    passed_over = 0
    for given in inputs:
        for name in _expand(given, os.path.realpath(apart) if apart else None):
            if name is None:
                passed_over += 1
            else:
                identity, source = _look(name, day)
                sources.setdefault(identity, source)
    if not sources:
        raise NoInputError(
            f"No logs in {', '.join(inputs)} ({passed_over} other files passed over). "
            "Name a folder or files of Elasticsearch exports, such as logs/20220401.json."
        )
    ordered = sorted(sources.values(), key=_order)
    return Found(tuple(ordered), passed_over)


def shown(name: str) -> str:
    """A name of a file as a message writes it: what cannot be printed is escaped."""
    return name if name.isprintable() else ascii(name)[1:-1]


def place_of(name: str) -> str:
    """Where a file is, however its folder was written: a link to a folder is followed.

    One to a file is not: it may lead to another file tomorrow and still be the same log.
    """
    folder, own = os.path.split(name)
    return os.path.join(os.path.realpath(folder), own)  # noqa: PTH118 - strings in, a string out


def is_within(name: str, folder: str | None) -> bool:
    """Whether a file or folder is this folder, itself without links, or lies in it."""
    place = os.path.realpath(name)
    return folder is not None and (place == folder or place.startswith(f"{folder}{os.sep}"))


def natural_key(name: str) -> tuple[tuple[int, str], ...]:
    """A sort key in which ``part-10`` stands behind ``part-9``."""
    pieces = _DIGITS.split(name)
    return tuple((int(piece), piece) if at % 2 else (-1, piece) for at, piece in enumerate(pieces))


def _order(source: Source) -> tuple[bool, str, tuple[tuple[int, str], ...]]:
    return source.day is not None, str(source.day), natural_key(source.name)


def _expand(given: str, apart: str | None) -> Iterator[str | None]:
    """The files that one input names; None for each file passed over."""
    path = Path(given)
    if not given:
        raise UsageError("An input is empty text. Name a folder, a file or -.")
    if given == STDIN:
        yield STDIN
    elif path.is_dir():
        yield from _walk(path, apart)
    elif os.path.lexists(given):
        yield given
    elif glob.has_magic(given):
        for match in sorted(glob.iglob(given, recursive=True), key=natural_key):  # noqa: PTH207 - a pattern may be absolute
            if not is_within(match, apart):
                yield from _walk(Path(match), apart) if Path(match).is_dir() else [match]
    else:
        raise UsageError(f"{shown(given)}: no such file or folder. Check the path.")


def _walk(folder: Path, apart: str | None) -> Iterator[str | None]:
    seen: set[tuple[int, int]] = set()

    def refuse(error: OSError) -> None:
        raise InputError(
            f"{shown(error.filename)}: cannot look inside: {error.strerror}."
        ) from error

    for root, folders, files in os.walk(folder, onerror=refuse, followlinks=True):
        here = os.stat(root)  # noqa: PTH116 - os.walk speaks strings
        if (here.st_dev, here.st_ino) in seen:
            folders.clear()  # a link that leads back up
            continue
        seen.add((here.st_dev, here.st_ino))
        folders[:] = sorted(
            (
                name
                for name in folders
                if _is_log_folder(name) and not is_within(os.path.join(root, name), apart)  # noqa: PTH118 - as above
            ),
            key=natural_key,
        )
        for name in sorted(files, key=natural_key):
            path = os.path.join(root, name)  # noqa: PTH118 - os.walk speaks strings
            yield path if _is_log(path, name) else None


def _is_log_folder(name: str) -> bool:
    """Hidden folders are not, ``_temporary`` is not, ``_load_date=2022-04-01`` is."""
    return not name.startswith(".") and (not name.startswith("_") or "=" in name)


def _is_log(path: str, name: str) -> bool:
    return (
        not name.startswith((".", "_"))
        and not _NEVER_LOGS.search(name)
        and (not os.path.exists(path) or os.path.isfile(path))  # noqa: PTH110, PTH113 - as above
    )


def _look(name: str, day: date | None) -> tuple[tuple[int, int] | str, Source]:
    if name == STDIN:
        return STDIN, Source(STDIN, day, None)
    try:
        stat = os.stat(name)  # noqa: PTH116 - as above
    except OSError as error:
        raise InputError(f"{shown(name)}: cannot be read: {error.strerror}.") from error
    size = stat.st_size if S_ISREG(stat.st_mode) else None
    return (stat.st_dev, stat.st_ino), Source(name, day_of(Path(name)) or day, size)
