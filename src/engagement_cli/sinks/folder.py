"""A folder of Parquet files, one a day, named as Hive names partitions: ``Date=2022-04-01``."""

from __future__ import annotations

import ctypes
import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from engagement_cli.durable import confirm, folder_aside, sync_folder, told
from engagement_cli.errors import OutputError, UsageError
from engagement_cli.files import check_folder
from engagement_cli.schema import DAY
from engagement_cli.sinks.parquet import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

_PART = "part-0.parquet"
_DAY_FOLDER = re.compile(rf"{DAY}=\d{{4}}-\d\d-\d\d", re.ASCII)
_EXCHANGE = 2
_HERE = -100
"""RENAME_EXCHANGE and AT_FDCWD, from renameat2(2)."""


class FolderSink:
    """A folder that lines can be written into, whole or not at all."""

    def __init__(self, target: str) -> None:
        """Name the folder.

        Raises:
            UsageError: Something stands there that no run of this program has written.
        """
        self.target = target
        self._path = Path(target).resolve()
        self._refuse_strangers()

    def check(self, others: Iterable[str], inputs: Iterable[str]) -> None:
        """Find out before any work whether it could be written, beside other outputs.

        Args:
            others: The other outputs.
            inputs: The inputs, folders among them.

        Raises:
            UsageError: It is, holds or lies in an input, or holds another output.
            OutputError: It cannot be written.
        """
        check_folder(self.target, others, inputs)

    @contextmanager
    def writing(self) -> Iterator[FolderWriter]:
        """A writer of lines; what it wrote is put in place when the block ends without an error.

        Raises:
            OutputError: It cannot be written; what stood there still stands.
        """
        with told(self.target), folder_aside(self._path) as aside:
            writer = FolderWriter(aside)
            yield writer
            writer.close()
            self._refuse_strangers()  # who may have come since the run began
            _put_in_place(aside, self._path)

    def _refuse_strangers(self) -> None:
        """What stands there is deleted when it is replaced: it must be what a run has written."""
        if not self._path.exists():
            return
        if not self._path.is_dir():
            raise UsageError(
                f"{self.target}: is a file, and a folder is asked for. Name another folder, or "
                "leave out the / behind the name of a file."
            )
        strange = next(_strangers(self._path), None)
        if strange is not None:
            raise UsageError(
                f"{self.target}: holds {strange}, and only a folder of {DAY}=YYYY-MM-DD/{_PART} is "
                "replaced. Name another folder."
            )


class FolderWriter:
    """Writes lines that come day by day."""

    def __init__(self, folder: Path) -> None:
        """Begin an empty folder."""
        self._folder = folder
        self._day: object = None
        self._writer: Writer | None = None

    def write(self, frame: pd.DataFrame) -> None:
        """Write lines behind those before them."""
        for day, of_day in frame.groupby(DAY, sort=False):
            if day != self._day:
                self.close()
                self._day = day
                place = self._folder / f"{DAY}={day}"
                place.mkdir()
                self._file = (place / _PART).open("wb")
                self._writer = Writer(self._file)
            assert self._writer is not None
            self._writer.write(of_day.drop(columns=DAY))

    def finish(self, _: Mapping[str, object]) -> None:
        """End the last file. The account is of all files, and so in none of them."""
        self.close()

    def close(self) -> None:
        """End the file of a day."""
        if self._writer is None:
            return
        self._writer.finish({})
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        sync_folder(Path(self._file.name).parent)
        self._writer = None


def _strangers(folder: Path) -> Iterator[str]:
    """What stands in a folder of days, by name, and no run has written."""
    for path in sorted(folder.iterdir()):
        if not _DAY_FOLDER.fullmatch(path.name) or path.is_symlink() or not path.is_dir():
            yield path.name
            continue
        parts = sorted(path.iterdir())
        if not parts:
            yield f"{path.name}, which is empty"
        for part in parts:
            if part.name != _PART or part.is_symlink() or not part.is_file():
                yield f"{path.name}/{part.name}"


def _put_in_place(aside: Path, path: Path) -> None:
    """Give a folder the place of what stands there, which then stands aside."""
    aside.chmod(0o777 & ~_mask())
    sync_folder(aside)
    if not path.exists():
        aside.rename(path)
    elif ctypes.CDLL(None, use_errno=True).renameat2(
        _HERE, os.fsencode(aside), _HERE, os.fsencode(path), _EXCHANGE
    ):
        reason = os.strerror(ctypes.get_errno())
        raise OutputError(f"{path}: cannot be exchanged for the new one: {reason}. Remove it.")
    confirm(path.parent)


def _mask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
