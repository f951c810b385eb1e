"""CSV by RFC 4180, with LF at line ends: UTF-8, integers bare, quotes only where needed."""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from engagement_cli.schema import APP_NAME, CONTRACT, FORMULA, MAC

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

_NEEDS_QUOTES = '[,"\r\n]'
_BATCH_ROWS = 65_536


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
        plain = arrow_csv.WriteOptions(include_header=False, quoting_style="none")
        for batch in pa.Table.from_pandas(frame, preserve_index=False).to_batches(_BATCH_ROWS):
            if any(_needs_quotes(column) for column in batch.columns):
                self._file.write(_quoted(zip(*map(_texts, batch.columns), strict=True)))
            else:
                arrow_csv.write_csv(batch, self._file, plain)

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
