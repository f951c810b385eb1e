"""A result frame as Arrow columns: kinds, batches, digest and control totals."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engagement_cli.errors import UsageError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    import pandas as pd

SINCE = "Since"
UNTIL = "Until"
"""The columns that ``append`` adds: first and last day of the result's range."""


class Kind(StrEnum):
    """What a column holds; every database has one type for each."""

    TEXT = "text"
    INTEGER = "integer"
    REAL = "real"
    DATE = "date"
    BOOLEAN = "boolean"


_ARROW = {
    Kind.TEXT: pa.large_string(),
    Kind.INTEGER: pa.int64(),
    Kind.REAL: pa.float64(),
    Kind.DATE: pa.date32(),
    Kind.BOOLEAN: pa.bool_(),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the result: its name, kind, and whether it is part of the key.

    ``width`` is the length of the longest text in characters, or the bits of the widest integer,
    its sign included; 0 for other kinds.
    """

    name: str
    kind: Kind
    key: bool
    width: int = 0

    @property
    def nullable(self) -> bool:
        """Seconds and keys are never NULL; a label or a share may be."""
        return not self.key and self.kind is not Kind.INTEGER


@dataclass(frozen=True, slots=True)
class Content:
    """What a load writes.

    Attributes:
        table: The rows, one Arrow column for each of ``columns``.
        columns: Key columns and values in the order of the frame.
        controls: The row count, then for each column the count of values that are not NULL, and
            the exact sum of an integer column or the characters of a text column.
        digest: Hexadecimal digest of names, kinds, key and values, whatever the chunks.
    """

    table: pa.Table
    columns: tuple[Column, ...]
    controls: tuple[int, ...]
    digest: str

    @classmethod
    def of(
        cls, frame: pd.DataFrame, key: Sequence[str], span: tuple[dt.date, dt.date] | None = None
    ) -> Content:
        """Take a frame; ``span`` adds the two range columns to it and to the key.

        Raises:
            UsageError: A column is of a type that has no place in a table, or the key is not
                among the columns, or is NULL somewhere.
        """
        table = _arrow(frame)
        if span is not None:
            for name, day in zip((SINCE, UNTIL), span, strict=True):
                table = table.append_column(name, pa.repeat(pa.scalar(day), table.num_rows))
            key = (*key, SINCE, UNTIL)
        kinds = [_kind(field) for field in table.schema]
        schema = pa.schema([(f.name, _ARROW[k]) for f, k in zip(table.schema, kinds, strict=True)])
        table = table.cast(schema)
        columns = tuple(
            Column(field.name, kind, field.name in key, _width(table[i], kind))
            for i, (field, kind) in enumerate(zip(table.schema, kinds, strict=True))
        )
        _check_key(table, key)
        return cls(table, columns, _controls(table, columns), _digest(table, columns))

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.table.num_rows)

    @property
    def key(self) -> tuple[str, ...]:
        """Names of the key columns."""
        return tuple(column.name for column in self.columns if column.key)

    @property
    def seconds(self) -> int:
        """Sum of every integer column."""
        return sum(
            _total(self.table[i]) for i, c in enumerate(self.columns) if c.kind is Kind.INTEGER
        )

    def ordered(self) -> pa.Table:
        """The rows in the order of the key: texts by code points. Results are in it already."""
        key = [self.table[name] for name in self.key]
        return (
            self.table
            if _ascends(key)
            else self.table.sort_by([(n, "ascending") for n in self.key])
        )

    def batches(self, rows: int) -> Iterator[pa.RecordBatch]:
        """The rows in order, at most ``rows`` at once, without copying them."""
        yield from self.table.to_batches(max_chunksize=rows)


def _ascends(key: Sequence[pa.ChunkedArray]) -> bool:
    """Whether each row's key is larger than the one before."""
    ascends: Any = pa.scalar(False)
    for column in reversed(key):
        before, after = column.slice(0, max(0, len(column) - 1)), column.slice(1)
        tied = pc.and_(pc.equal(before, after), ascends)
        ascends = pc.or_(pc.less(before, after), tied)
    return bool(pc.all(ascends, min_count=0).as_py())


def _arrow(frame: pd.DataFrame) -> pa.Table:
    try:
        return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()
    except pa.ArrowException as error:
        raise UsageError(f"a column holds values of several types: {error}") from error


def _kind(field: pa.Field) -> Kind:
    kind, types = field.type, pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    if types.is_string(kind) or types.is_large_string(kind) or types.is_null(kind):
        return Kind.TEXT
    if types.is_integer(kind):
        return Kind.INTEGER
    if types.is_floating(kind):
        return Kind.REAL
    if types.is_date(kind) or types.is_timestamp(kind):
        return Kind.DATE
    if types.is_boolean(kind):
        return Kind.BOOLEAN
    raise UsageError(f"column {field.name!r} holds {kind}, which has no type in a table")


def _width(column: pa.ChunkedArray, kind: Kind) -> int:
    if kind is Kind.TEXT:
        return pc.max(pc.utf8_length(column)).as_py() or 0
    if kind is Kind.INTEGER:
        ends = pc.min_max(column).as_py().values()
        return 1 + max((end if end >= 0 else ~end).bit_length() for end in (e or 0 for e in ends))
    return 0


def _check_key(table: pa.Table, key: Sequence[str]) -> None:
    for name in key:
        if table.column_names.count(name) != 1:
            raise UsageError(f"the result has no single column {name!r} to be its key")
        if table[name].null_count:
            raise UsageError(f"column {name!r} is part of the key and must not be empty")


def _controls(table: pa.Table, columns: tuple[Column, ...]) -> tuple[int, ...]:
    totals = [table.num_rows]
    for i, column in enumerate(columns):
        values = table[i]
        totals.append(len(values) - values.null_count)
        if column.kind is Kind.INTEGER:
            totals.append(_total(values))
        elif column.kind is Kind.TEXT:
            totals.append(pc.sum(pc.utf8_length(values)).as_py() or 0)
    return tuple(totals)


def _total(values: pa.ChunkedArray) -> int:
    """The exact sum: an int64 sum wraps silently, two halves of 32 bits cannot."""
    high = pc.sum(pc.shift_right(values, 32)).as_py() or 0
    low = pc.sum(pc.bit_wise_and(values, 0xFFFF_FFFF)).as_py() or 0
    return int((high << 32) + low)


def _digest(table: pa.Table, columns: tuple[Column, ...]) -> str:
    digest = hashlib.sha256()
    for i, column in enumerate(columns):
        digest.update(f"{column.name!r} {column.kind} {column.key}\n".encode())
        for part in _column_digests(table[i], column.kind):
            digest.update(part)
    return digest.hexdigest()


def _column_digests(values: pa.ChunkedArray, kind: Kind) -> Iterator[bytes]:
    """One digest for each buffer of a column, fed chunk by chunk so that chunks do not matter."""
    digests = [hashlib.sha256() for _ in range(3)]
    nullable = values.null_count > 0
    for chunk in filter(len, values.chunks):
        for digest, buffer in zip(digests, _buffers(chunk, kind, nullable=nullable), strict=False):
            digest.update(buffer.data)
    yield from (digest.digest() for digest in digests)


def _buffers(chunk: pa.Array, kind: Kind, *, nullable: bool) -> Iterator[np.ndarray[Any, Any]]:
    """Values, the lengths of texts, and which values are not NULL, where any is."""
    if kind is Kind.TEXT:
        yield from _text_buffers(chunk.fill_null("") if chunk.null_count else chunk)
    else:
        fixed = {Kind.DATE: pa.int32(), Kind.BOOLEAN: pa.int8()}.get(kind)
        filled = (chunk.cast(fixed) if fixed else chunk).fill_null(0)
        yield filled.to_numpy(zero_copy_only=False)
        yield np.empty(0)
    if nullable:
        yield chunk.is_valid().cast(pa.int8()).to_numpy(zero_copy_only=False)


def _text_buffers(text: pa.Array) -> Iterator[np.ndarray[Any, Any]]:
    _, offsets, data = text.buffers()
    ends = np.frombuffer(offsets, np.int64)[text.offset : text.offset + len(text) + 1]
    letters = np.empty(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)
    yield letters[ends[0] : ends[-1]]
    yield np.diff(ends)
