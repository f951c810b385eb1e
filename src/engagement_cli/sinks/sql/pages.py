"""Rows read back as a text for each column of a page, where a driver is slow at single cells."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from engagement_cli.sinks.sql.content import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from engagement_cli.sinks.sql.content import Column, Content
    from engagement_cli.sinks.sql.database import Database

_ROWS = 32_768
_NULLS = pa.array(["", "NULL"])
"""How a NULL is written in a column of numbers or days."""


def pages(database: Database, table: sa.Table, content: Content) -> Generator[pa.Table]:
    """The table's rows between the keys of each page of the result, in any order.

    The end comes early where the table has more or fewer rows there than the result.

    Raises:
        pa.ArrowInvalid: A value is not of its column's kind.
    """
    ordered, last = content.ordered(), None
    key = [
        database.ordered(table.c[column.name]) if column.kind is Kind.TEXT else table.c[column.name]
        for column in content.columns
        if column.key
    ]
    written = [text for column in content.columns for text in _written(database, table, column)]
    texts = (database.octets(sa.func.aggregate_strings(*text)) for text in written)
    query = sa.select(sa.func.count(), *texts)
    for start in range(0, content.rows, _ROWS):
        page = ordered.slice(start, _ROWS)
        end = [page[name][-1].as_py() for name in content.key]
        where = _until(key, end) if last is None else sa.and_(_beyond(key, last), _until(key, end))
        rows, *parts = database.connection.execute(query.where(where)).one()
        if rows != page.num_rows:
            return
        cells = iter(parts)
        arrays = [_read(cells, kind) for kind in page.schema.types]
        if any(len(values) != rows for values in arrays):
            return  # a NULL where there must be none
        yield pa.table(arrays, schema=page.schema)
        last = end


def _written(
    database: Database, table: sa.Table, column: Column
) -> Iterator[tuple[sa.ColumnElement[Any], str]]:
    """What is joined of a column, and by what: texts by nothing, beside their lengths in bytes."""
    values = table.c[column.name]
    if column.kind is Kind.TEXT:
        yield values, ""
        lengths = sa.func.coalesce(database.size(values), -1)
        yield database.shown(lengths, Kind.INTEGER), ","
        return
    shown = database.shown(values, column.kind)
    yield sa.func.coalesce(shown, "") if column.nullable else shown, ","


def _read(cells: Iterator[bytes | None], kind: pa.DataType) -> pa.Array:
    if not pa.types.is_large_string(kind):
        return _values(next(cells), kind)
    letters, lengths = next(cells) or b"", _values(next(cells), pa.int64()).to_numpy()
    missing = lengths < 0
    offsets = np.concatenate([[0], np.cumsum(np.where(missing, 0, lengths))])
    if offsets[-1] != len(letters):
        raise pa.ArrowInvalid("texts and their lengths do not agree")
    buffers = [pa.py_buffer(offsets), pa.py_buffer(letters)]
    texts = pa.LargeStringArray.from_buffers(len(lengths), *buffers)
    return pc.if_else(missing, None, texts) if missing.any() else texts


def _values(text: bytes | None, kind: pa.DataType) -> pa.Array:
    if text is None:
        return pa.array([], kind)
    values = pc.split_pattern(pa.scalar(text, pa.large_string()), ",").values
    missing = pc.is_in(values, _NULLS)
    return (pc.if_else(missing, None, values) if pc.any(missing).as_py() else values).cast(kind)


def _beyond(key: Sequence[sa.ColumnElement[Any]], values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Rows behind a key."""
    return _compared(key, values, (operator.gt, operator.ge), operator.gt)


def _until(key: Sequence[sa.ColumnElement[Any]], values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Rows up to a key, its own among them."""
    return _compared(key, values, (operator.lt, operator.le), operator.le)


def _compared(
    key: Sequence[sa.ColumnElement[Any]],
    values: Sequence[Any],
    outer: tuple[Callable[..., Any], Callable[..., Any]],
    inner: Callable[..., Any],
) -> sa.ColumnElement[bool]:
    """Compare column by column, as any index can; rows as such are compared without one here."""
    column, value = key[0], values[0]
    if len(key) == 1:
        compared: sa.ColumnElement[bool] = inner(column, value)
        return compared
    strictly, loosely = outer
    rest = _compared(key[1:], values[1:], outer, inner)
    return sa.and_(loosely(column, value), sa.or_(strictly(column, value), rest))
