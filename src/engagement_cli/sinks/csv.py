"""CSV by RFC 4180, with LF at line ends: UTF-8, integers bare, quotes only where needed."""

from __future__ import annotations

import re
from contextlib import closing
from functools import partial
from typing import IO, TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from engagement_cli.ordered import ordered
from engagement_cli.schema import APP_NAME, CONTRACT, FORMULA, MAC

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

_NEEDS_QUOTES = '[,"\r\n]'
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

    def write(self, frame: pd.DataFrame) -> None:
        """Write a frame behind those before it."""
        if not self._has_header:
            self._file.write(_quoted([list(frame.columns)]))
            self._has_header = True
        batches = pa.Table.from_pandas(frame, preserve_index=False).to_batches(_BATCH_ROWS)
        with closing(ordered((partial(_text_of, batch) for batch in batches), _THREADS)) as texts:
            for text in texts:
                self._file.write(text)

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


def _text_of(batch: pa.RecordBatch) -> bytes | pa.Buffer:
    """The lines of some rows."""
    if any(_needs_quotes(column) for column in batch.columns):
        return _quoted(zip(*map(_texts, batch.columns), strict=True))
    text = pa.BufferOutputStream()
    arrow_csv.write_csv(batch, text, _PLAIN)
    return text.getvalue()


def _needs_quotes(column: pa.Array) -> bool:
    return pa.types.is_large_string(column.type) and bool(
        pc.any(pc.match_substring_regex(column, _NEEDS_QUOTES)).as_py()
    )


def _texts(column: pa.Array) -> list[str]:
    """Values as Arrow writes them; nothing where there is none."""
    return [text or "" for text in column.cast(pa.large_string()).to_pylist()]


def _quoted(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows field by field, for the few whose texts need quotes."""
    return "".join(",".join(map(_field, row)) + "\n" for row in rows).encode()


def _field(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if re.search(_NEEDS_QUOTES, text) else text
