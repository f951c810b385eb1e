"""CSV by RFC 4180, with LF at line ends: UTF-8, integers bare, quotes only where needed."""

from __future__ import annotations

import re
from contextlib import closing
from functools import partial
from typing import IO, TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from engagement_cli import kernel
from engagement_cli.frames import numbers_of
from engagement_cli.kernel import texts
from engagement_cli.ordered import ordered
from engagement_cli.schema import APP_NAME, CONTRACT, FORMULA, MAC

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    Part: TypeAlias = bytes | memoryview | pa.Buffer

_NEEDS_QUOTES = re.compile('[,"\r\n]')
_NEED_QUOTES = re.compile(_NEEDS_QUOTES.pattern.encode())
_BATCH_ROWS = 65_536
_THREADS = 2
"""One more would wait for the file."""
_PLAIN = arrow_csv.WriteOptions(include_header=False, quoting_style="none")


class Writer:
    """Writes frames, with one header before them."""

    def __init__(self, file: IO[bytes]) -> None:
        """Begin a file."""
        self._file = file
        self._has_header = False

    def write(self, frame: pd.DataFrame | pa.Table) -> None:
        """Write a frame, or a table, behind those before it."""
        table: pa.Table = frame
        if not isinstance(table, pa.Table):
            table = pa.Table.from_pandas(frame, preserve_index=False)
        if not self._has_header:
            self._file.write(_quoted([table.column_names]))
            self._has_header = True
        batches = table.to_batches(_BATCH_ROWS)
        write = _quickly if len(table) > _BATCH_ROWS and kernel.available() else _text_of
        with closing(ordered((partial(write, batch) for batch in batches), _THREADS)) as parts:
            for part in parts:
                self._file.write(part)

    def finish(self, _: Mapping[str, object]) -> None:
        """End the file."""


class Harmless:
    """Writes frames with an apostrophe before each text of the logs that looks like a formula."""

    def __init__(self, file: IO[bytes]) -> None:
        """Begin a file."""
        self._writer = Writer(file)
        self.finish = self._writer.finish

    def write(self, frame: pd.DataFrame) -> None:
        """Write a frame behind those before it."""
        safe = {
            name: frame[name].str.replace(f"({FORMULA})", r"'\1", regex=True)
            for name in (CONTRACT, MAC, APP_NAME)
            if name in frame
        }
        self._writer.write(frame.assign(**safe))


def _quickly(batch: pa.RecordBatch) -> Part:
    """The lines of some rows; by machine code where they are texts and numbers alone."""
    fields = [_field_of(column) for column in batch.columns]
    known = [field for field in fields if field is not None]
    lines = texts.csv_lines(known, len(batch)) if len(known) == len(fields) else None
    return _text_of(batch) if lines is None else lines.data


def _field_of(column: pa.Array) -> texts.Field | None:
    """A column as machine code takes it, if it does."""
    if pa.types.is_date32(column.type):
        column = column.cast(pa.string()).cast(pa.large_string())
    if column.type == pa.large_string():
        return _field_of_texts(column.fill_null("") if column.null_count else column)
    if column.null_count or column.type not in {pa.int64(), pa.float64()}:
        return None
    return texts.Field(None, numbers_of(column))


def _field_of_texts(column: pa.Array) -> texts.Field:
    places, values = _buffers(column)
    if places[len(column)] + texts.READ_BEHIND > len(values):
        values = np.append(values, np.zeros(texts.READ_BEHIND, np.uint8))
    return texts.Field(places, values)


def _text_of(batch: pa.RecordBatch) -> Part:
    """The lines of some rows."""
    if any(_needs_quotes(column) for column in batch.columns):
        return _quoted(zip(*map(_texts, batch.columns), strict=True))
    text = pa.BufferOutputStream()
    arrow_csv.write_csv(batch, text, _PLAIN)
    return text.getvalue()


def _needs_quotes(column: pa.Array) -> bool:
    if not pa.types.is_large_string(column.type):
        return False
    places, data = _buffers(column)
    texts = data.data[places[0] : places[len(column)]]
    return _NEED_QUOTES.search(texts) is not None


def _buffers(column: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Where the texts of a column begin, and where the last one ends; and their bytes."""
    _, offsets, data = column.buffers()
    places = np.frombuffer(offsets or bytes(8), np.int64)[column.offset :]
    return places, np.frombuffer(data or b"", np.uint8)


def _texts(column: pa.Array) -> list[str]:
    """Values as Arrow writes them; nothing where there is none."""
    return [text or "" for text in column.cast(pa.large_string()).to_pylist()]


def _quoted(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows field by field, for the few whose texts need quotes."""
    return "".join(",".join(map(_field, row)) + "\n" for row in rows).encode()


def _field(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text
