"""Logs that look like real ones: nobody's data, with the rates and sizes of the real thing."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from gzip import GzipFile
from typing import IO, TYPE_CHECKING, Literal

from engagement_cli.errors import OutputError, UsageError
from engagement_cli.files import replacing
from engagement_cli.sample.shapes import SHAPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

__all__ = ["SHAPES", "SampleFile", "ShapeName", "write_days"]

ShapeName = Literal["hits", "id-first", "no-type", "spaced", "source", "bulk", "search", "array"]


@dataclass(frozen=True, slots=True)
class SampleFile:
    """A file that was written.

    Attributes:
        path: Where it is.
        lines: The hits in it, dirty ones counted.
        size: Its size on disk, in bytes.
    """

    path: Path
    lines: int
    size: int


def write_days(
    out: Path,
    *,
    days: int,
    lines: int,
    seed: int,
    start: date = date(2022, 4, 1),
    contracts: int | None = None,
    shape: ShapeName = "hits",
    dirty: bool = False,
    gzip: bool = False,
    force: bool = False,
    advance: Callable[[int], object] | None = None,
) -> tuple[SampleFile, ...]:
    """Write one file a day, ``YYYYMMDD.json`` or ``YYYYMMDD.json.gz``, into a folder.

    The same arguments give the same bytes (before compression) everywhere, and a day is the same
    in whichever range of days it is made.

    Args:
        out: The folder; it is made if it is missing.
        days: How many days.
        lines: Hits in each day; 1,600,000 make a real day, about 280 MB.
        seed: Another seed, another world.
        start: The first day.
        contracts: How many contracts exist, up to 2**26; unless given, 6 for every 5 lines of
            a day. But for second devices and apps, a day has none twice before it has all.
        shape: How hits are laid out; see ``SHAPES``.
        dirty: Put in lines of every kind that is rejected and of every kind that only looks so.
        gzip: Compress the files.
        force: Replace files that exist.
        advance: Called again and again with how many hits were written since.

    Returns:
        What was written, day by day.

    Raises:
        UsageError: An argument is out of range, or a file exists and ``force`` is not given.
        OutputError: A file cannot be written; what stood there before still stands.
    """
    # NumPy is loaded only to make lines: a help text must not wait for it.
    from engagement_cli.sample.day import CONTRACTS_LIMIT, Day  # noqa: PLC0415
    from engagement_cli.sample.render import render  # noqa: PLC0415

    if contracts is None:
        contracts = min(max(1, lines * 6 // 5), CONTRACTS_LIMIT)
    _check("days", days, date.max.toordinal() - start.toordinal() + 1)
    _check("lines", lines, 2**32)
    _check("contracts", contracts, CONTRACTS_LIMIT)
    dates = [start + timedelta(days=after) for after in range(days)]
    ending = ".json.gz" if gzip else ".json"
    paths = [out / f"{day.isoformat().replace('-', '')}{ending}" for day in dates]
    if not force:
        _check_absent(paths)
    _make_folder(out)
    worlds = [Day(seed, day, lines, contracts) for day in dates]
    return tuple(
        _write(path, render(world, SHAPES[shape], dirty=dirty), advance, gzip=gzip)
        for path, world in zip(paths, worlds, strict=True)
    )


def _check(name: str, value: int, limit: int) -> None:
    if not 1 <= value <= limit:
        raise UsageError(f"{name} is {value:,}: give a number from 1 to {limit:,}.")


def _check_absent(paths: Iterable[Path]) -> None:
    if there := [path for path in paths if os.path.lexists(path)]:
        more = f" and {len(there) - 1:,} more" if there[1:] else ""
        raise UsageError(
            f"{there[0]}{more}: there already, nothing was written. "
            "Choose another folder; --force replaces them."
        )


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{out}: the folder cannot be made: {error.strerror}. Choose another place."
        ) from error


def _write(
    path: Path,
    blocks: Iterable[tuple[int, bytes]],
    advance: Callable[[int], object] | None,
    *,
    gzip: bool,
) -> SampleFile:
    total = 0
    with replacing(str(path)) as raw, _compressed(raw) if gzip else nullcontext(raw) as file:
        for lines, text in blocks:
            file.write(text)
            total += lines
            if advance:
                advance(lines)
    return SampleFile(path, total, path.stat().st_size)


def _compressed(raw: IO[bytes]) -> GzipFile:
    """A stream without name and time in its header: made again, it is the same."""
    return GzipFile("", "wb", 6, raw, mtime=0)
