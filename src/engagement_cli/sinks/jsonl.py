"""JSON lines: one object a row, keys in the order of the columns, UTF-8."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

_BATCH_ROWS = 65_536


class Writer:
    """Writes frames."""

    def __init__(self, file: IO[bytes]) -> None:
        """Begin a file."""
        self._file = file
        self._encode = json.JSONEncoder(
            ensure_ascii=False,
            separators=(",", ":"),
            default=str,  # a day as it is written in CSV
        ).encode

    def write(self, frame: pd.DataFrame) -> None:
        """Write a frame behind those before it."""
        for batch in pa.Table.from_pandas(frame, preserve_index=False).to_batches(_BATCH_ROWS):
            text = "".join(f"{self._encode(row)}\n" for row in batch.to_pylist())
            self._file.write(text.encode())

    def finish(self, _: Mapping[str, object]) -> None:
        """End the file."""
