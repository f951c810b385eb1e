"""How rows get into PostgreSQL: as CSV, which Arrow writes faster than the server reads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import pyarrow as pa
import pyarrow.csv as arrow_csv

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")


def as_csv(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[int, memoryview]]:
    """Each batch as its number of rows and its text, written while the one before is sent."""
    return _ahead(_written(batches))


def _written(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[int, memoryview]]:
    for batch in batches:
        options = arrow_csv.WriteOptions(include_header=False, batch_size=batch.num_rows)
        sink = pa.BufferOutputStream()
        arrow_csv.write_csv(batch, sink, options)
        yield batch.num_rows, memoryview(sink.getvalue())


def _ahead(items: Iterator[T]) -> Iterator[T]:
    """The items, each made while the one before it is on its way."""
    with ThreadPoolExecutor(1) as worker:
        coming = worker.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = worker.submit(next, items, None)
            yield item
