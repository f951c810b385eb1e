"""Parquet with int64 columns; the account of the run stands in the file's metadata."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import parquet

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

ACCOUNT_KEY = b"engagement"


class Writer:
    """Writes frames; the account becomes the JSON under the metadata key ``engagement``.

    Of one frame it stands in the metadata of the schema, too, where readers look first: each frame
    waits until another follows or the file ends.
    """

    def __init__(self, file: IO[bytes]) -> None:
        """Begin a file."""
        self._file = file
        self._writer: Any = None
        self._waiting: pa.Table | None = None

    def write(self, frame: pd.DataFrame) -> None:
        """Write a frame behind those before it."""
        if self._waiting is not None:
            self._write({})
        self._waiting = pa.Table.from_pandas(frame, preserve_index=False)

    def finish(self, account: Mapping[str, object]) -> None:
        """End the file."""
        kept = {ACCOUNT_KEY: json.dumps(account, ensure_ascii=False).encode()}
        if self._writer is not None:
            self._writer.add_key_value_metadata(kept)
        self._write(kept)
        self._writer.close()

    def _write(self, metadata: Mapping[bytes, bytes]) -> None:
        """Write the frame that waits; the first one brings the metadata of the schema."""
        assert self._waiting is not None
        if self._writer is None:
            metadata = {**(self._waiting.schema.metadata or {}), **metadata}
            schema = self._waiting.schema.with_metadata(metadata)
            self._writer = parquet.ParquetWriter(self._file, schema, compression="zstd")
        if len(self._waiting):  # an empty row group says nothing
            self._writer.write_table(self._waiting)
