"""How rows get into MySQL and MariaDB: as a local file, or as literals where that is forbidden."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

if TYPE_CHECKING:
    from collections.abc import Iterator

_INSERT_ROWS = 1_000


def load_data(path: Path, table: str, columns: str) -> str:
    """The statement that loads a file of ``write_batch``."""
    quoted = str(path).replace("\\", "\\\\").replace("'", "\\'")
    return (
        f"LOAD DATA LOCAL INFILE '{quoted}' INTO TABLE {table} CHARACTER SET utf8mb4 "
        f"FIELDS TERMINATED BY ',' ENCLOSED BY '\"' ESCAPED BY '' ({columns})"
    )


@contextmanager
def batch_file() -> Iterator[Path]:
    """Where one batch after the other is written, in a folder that only its owner can enter."""
    with tempfile.TemporaryDirectory(prefix="engagement-") as folder:
        yield Path(folder, "batch.csv")


def write_batch(path: Path, batch: pa.RecordBatch) -> None:
    """Write a batch without NULL as CSV: texts in quotes, with quotes doubled."""
    options = arrow_csv.WriteOptions(include_header=False, batch_size=max(1, batch.num_rows))
    arrow_csv.write_csv(batch, path, options)


def inserts(batch: pa.RecordBatch, table: str, columns: str) -> Iterator[str]:
    """Statements that insert a batch; the literals are built by columns, not by rows."""
    for start in range(0, batch.num_rows, _INSERT_ROWS):
        parts = [_literals(values) for values in batch.slice(start, _INSERT_ROWS).columns]
        rows = _joined(_OPEN, _joined(*parts, _COMMA), _CLOSE, _NOTHING)
        yield f"INSERT INTO {table} ({columns}) VALUES {', '.join(rows.to_pylist())}"  # noqa: S608 - escaped


def _literals(values: pa.Array) -> pa.Array:
    text = values.cast(pa.large_string())
    if pa.types.is_large_string(values.type) or pa.types.is_date(values.type):
        text = pc.replace_substring(text, "\\", "\\\\")
        text = pc.replace_substring(text, "'", "''")
        text = _joined(_QUOTE, text, _QUOTE, _NOTHING)
    return text.fill_null("NULL")


_joined = pc.binary_join_element_wise
_OPEN, _CLOSE, _COMMA, _QUOTE, _NOTHING = (
    pa.scalar(sign, pa.large_string()) for sign in ("(", ")", ", ", "'", "")
)
