"""Logs to race on: made by ``engagement sample``, kept between runs."""

from __future__ import annotations

import json
import os
import shutil
import sys
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.measure import Program, run
from engagement_cli.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENGAGEMENT = (sys.executable, "-m", "engagement_cli")
"""The command ``engagement`` of the interpreter that runs this."""

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Logs:
    """Logs to make; the fields are options of ``engagement sample``, where they are explained."""

    days: int
    lines: int
    contracts: int | None = None
    shape: str = "hits"
    gzip: bool = False
    seed: int = 2022

    def command(self, folder: Path) -> tuple[str, ...]:
        """Return the command that makes them."""
        options: list[object] = ["--days", self.days, "--lines", self.lines, "--seed", self.seed]
        options += ["--shape", self.shape]
        if self.contracts is not None:
            options += ["--contracts", self.contracts]
        if self.gzip:
            options.append("--gzip")
        return (*ENGAGEMENT, "sample", str(folder), *map(str, options))


def make(logs: Logs, folder: Path) -> Path:
    """Make logs in a folder that is not there yet."""
    run(Program("engagement sample", logs.command(folder)))
    return folder


def kept(logs: Logs, cache: Path) -> Path:
    """Return a folder of these logs in the cache, making it unless its stamp says what it is.

    The stamp is written last: a folder without one was not finished and is made again.
    """
    name = f"{logs.shape}-{logs.days}x{logs.lines}" + ("-gzip" if logs.gzip else "")
    folder, stamp = cache / name, cache / f"{name}.stamp"
    text = json.dumps({"version": __version__, **asdict(logs)})
    if not (stamp.exists() and stamp.read_text() == text):
        stamp.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        print(f"making {folder}", file=sys.stderr)
        make(logs, folder)
        stamp.write_text(text)
    return folder


def first_days(folder: Path, days: int) -> Path:
    """Return a folder beside ``folder`` that holds its first days and takes no room."""
    files = files_of(folder)
    if days == len(files):
        return folder
    first = folder.with_name(f"{folder.name}-first{days}")
    shutil.rmtree(first, ignore_errors=True)
    first.mkdir()
    for file in files[:days]:
        os.link(file, first / file.name)
    return first


def one_file(folder: Path, into: Path) -> Path:
    """Write the days of a folder one after the other into the only file of a new folder."""
    into.mkdir()
    with (into / files_of(folder)[0].name).open("wb") as joined:
        for file in files_of(folder):
            with file.open("rb") as day:
                shutil.copyfileobj(day, joined, _MIB)
    return into


def rewritten(folder: Path, into: Path, change: Callable[[bytes], bytes]) -> Path:
    """Write the days of a folder into a new one, each line changed."""
    into.mkdir()
    for file in files_of(folder):
        with file.open("rb") as day, (into / file.name).open("wb") as other:
            other.writelines(map(change, day))
    return into


@contextmanager
def scratch(cache: Path) -> Iterator[Path]:
    """A folder in the cache for what is too large to keep; it is gone when the block ends."""
    with TemporaryDirectory(dir=cache) as folder:
        yield Path(folder)


def files_of(folder: Path) -> list[Path]:
    """Return the logs of a folder by name."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def size_of(folder: Path) -> int:
    """Return the bytes in the files of a folder and below."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def read(folder: Path) -> None:
    """Read all of a folder, so that the system has in memory what fits there."""
    for file in files_of(folder):
        with file.open("rb") as bytes_:
            while bytes_.read(_MIB):
                pass
