"""A folder of Parquet files, one a day, named as Hive names partitions: ``Date=2022-04-01``."""

from __future__ import annotations

import ctypes
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from engagement_cli.durable import folder_aside, sync_folder, told
from engagement_cli.errors import OutputError, UsageError
from engagement_cli.schema import DAY
from engagement_cli.sinks.parquet import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

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
        names = sorted(os.listdir(self._path)) if self._path.is_dir() else []  # noqa: PTH208 - names
        strange = next((name for name in names if not name.startswith(f"{DAY}=")), None)
        if strange is not None:
            raise UsageError(
                f"{target}: holds {strange}, and only a folder of {DAY}= folders is replaced. "
                "Name another folder."
            )

    @property
    def files(self) -> list[str]:
        """Nothing that could be mistaken for another file."""
        return []

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
            _put_in_place(aside, self._path)


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
                self._file = (place / "part-0.parquet").open("wb")
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
    sync_folder(path.parent)


def _mask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
