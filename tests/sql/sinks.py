"""What the contract suite asks of a sink, and the sinks that it asks.

To add a sink, write a class with these methods and a line in ``SINKS``.
"""

from __future__ import annotations

import csv
import io
import json
import resource
from contextlib import closing, contextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol

import duckdb
import duckdb_engine
import pandas as pd
import sqlalchemy
from pyarrow import parquet

from engagement_cli.errors import OutputError
from engagement_cli.sinks import FileSink
from engagement_cli.sinks.sql import SqlTarget, load, parse_url
from sql.frames import COLUMNS
from sql.servers import PLACES, Place, read, target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path


class Sink(Protocol):
    """One output, at first empty."""

    def write(self, frame: pd.DataFrame) -> None:
        """Write a result in the place of what is there."""
        ...

    def read(self) -> pd.DataFrame | None:
        """What is there, ordered by contract, read by other means; None when nothing is."""
        ...

    def break_off(self, frame: pd.DataFrame) -> None:
        """Begin to write a result of several batches, and fail in the middle of it."""
        ...


class BrokenOffError(Exception):
    """Raised in the middle of a write."""


class TableSink:
    """A table, replaced."""

    def __init__(self, place: Place) -> None:
        self.place = place

    def write(self, frame: pd.DataFrame) -> None:
        load(frame, target(self.place))

    def read(self) -> pd.DataFrame | None:
        return read(self.place)

    def break_off(self, frame: pd.DataFrame) -> None:
        def progress(_: int) -> None:
            raise BrokenOffError

        load(frame, target(self.place), progress=progress)


AGENT = f"duckdb_engine/{duckdb_engine.__version__}(sqlalchemy/{sqlalchemy.__version__})"


class DuckFile:
    """A table in a DuckDB file, replaced; it is read as DuckDB lets one process do, alike."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.target = SqlTarget(parse_url(f"duckdb:///{path}"))

    def write(self, frame: pd.DataFrame) -> None:
        load(frame, self.target)

    def read(self) -> pd.DataFrame | None:
        if not self.path.exists():
            return None
        with closing(duckdb.connect(self.path, config={"custom_user_agent": AGENT})) as session:
            try:
                found = session.sql('SELECT * FROM engagement ORDER BY "Contract"')
            except duckdb.CatalogException:
                return None
            frame: pd.DataFrame = found.df()
        return frame.astype({"Contract": "str"})

    def break_off(self, frame: pd.DataFrame) -> None:
        def progress(_: int) -> None:
            raise BrokenOffError

        load(frame, self.target, progress=progress)


class RowsFile:
    """A file, replaced."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, frame: pd.DataFrame) -> None:
        FileSink(str(self.path)).write(frame, {})

    def read(self) -> pd.DataFrame | None:
        if not self.path.exists():
            return None
        data = self.path.read_bytes()  # opened once: PyArrow opens a path for each thing it reads
        if self.path.suffix == ".parquet":
            return pd.DataFrame(parquet.read_table(io.BytesIO(data)).to_pandas())
        text = data.decode()
        if self.path.suffix == ".csv":
            names, *rows = csv.reader(io.StringIO(text, newline=""))
        else:
            objects = [json.loads(line) for line in text.split("\n")[:-1]]
            names = list(objects[0]) if objects else ["Contract", *COLUMNS]
            rows = [list(item.values()) for item in objects]
        frame = pd.DataFrame(rows, columns=names)
        return frame.astype(dict.fromkeys(names[1:], "int64") | {names[0]: "str"})

    def break_off(self, frame: pd.DataFrame) -> None:
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        try:
            self.write(frame)
        except OutputError as error:
            raise BrokenOffError from error
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def _file(name: str) -> Callable[[Path], AbstractContextManager[Sink]]:
    return lambda folder: nullcontext(RowsFile(folder / name))


def _table(name: str) -> Callable[[Path], AbstractContextManager[Sink]]:
    @contextmanager
    def made(folder: Path) -> Iterator[Sink]:
        with PLACES[name](folder) as place:
            yield TableSink(place)

    return made


SINKS = {name: _file(name) for name in ("out.csv", "out.jsonl", "out.parquet")} | {
    name: _table(name) for name in PLACES
}
SINKS["out.duckdb"] = lambda folder: nullcontext(DuckFile(folder / "out.duckdb"))
