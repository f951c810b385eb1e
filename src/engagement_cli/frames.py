"""DataFrames out of columns: strings as str, days as Arrow's date32, numbers as they are."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from engagement_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray


class Rows:
    """A result's rows as an Arrow table, and as a DataFrame once somebody asks for one.

    Importing pandas takes longer than reading a file of a million lines: what is written as text
    does without it.
    """

    def __init__(self, frame: pd.DataFrame | None = None, *, table: pa.Table | None = None) -> None:
        """Take rows of either kind."""
        self._frame = frame
        self._table = table

    def __len__(self) -> int:
        return len(self.table if self._frame is None else self._frame)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The rows as pandas has them."""
        if self._frame is not None:
            return self._frame
        frame: pd.DataFrame = self.table.to_pandas(split_blocks=True)
        return frame

    @cached_property
    def table(self) -> pa.Table:
        """The rows as Arrow has them."""
        import pyarrow as pa  # noqa: PLC0415 - reading begins without

        if self._table is not None:
            return self._table
        return pa.Table.from_pandas(self._frame, preserve_index=False)


def integer_array(values: NDArray[np.signedinteger]) -> pa.Array:
    """An Arrow array of the same memory; ``pa.array`` would import pandas."""
    import pyarrow as pa  # noqa: PLC0415 - reading begins without

    values = np.ascontiguousarray(values)
    kind = pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values)])


def text_array(values: Sequence[str]) -> pa.Array:
    """An Arrow array of string; likewise."""
    import pyarrow as pa  # noqa: PLC0415 - reading begins without

    data = [value.encode() for value in values]
    offsets = np.zeros(len(data) + 1, np.int32)
    np.cumsum([len(value) for value in data], out=offsets[1:])
    buffers = pa.py_buffer(offsets), pa.py_buffer(b"".join(data))
    return pa.StringArray.from_buffers(len(data), *buffers)


def numbers_of(column: pa.Array) -> NDArray[Any]:
    """The numbers of an Arrow array, in its memory; ``to_numpy`` would import pandas.

    Raises:
        ValueError: A number is missing.
    """
    if column.null_count:
        raise ValueError("a number is missing")
    kind, data = np.dtype(column.type.to_pandas_dtype()), column.buffers()[1]
    values: NDArray[Any] = np.frombuffer(data, kind)
    return values[column.offset : column.offset + len(column)]


def frame_of(columns: Mapping[str, Any]) -> pd.DataFrame:
    """A frame of these columns, NumPy or Arrow arrays or lists, n values each."""
    import pandas as pd  # noqa: PLC0415 - reading begins without
    import pyarrow as pa  # noqa: PLC0415 - reading begins without

    dates = {pa.date32(): pd.ArrowDtype(pa.date32())}
    table = pa.table(dict(columns))
    frame: pd.DataFrame = table.to_pandas(split_blocks=True, types_mapper=dates.get)
    return frame


def check_names(what: str, names: Iterable[str]) -> None:
    """See that no column is lost to another of its name; ``what`` they are columns of.

    Raises:
        UsageError: Two names are equal or differ in case alone.
    """
    taken: set[str] = set()
    for name in names:
        if name.casefold() in taken:
            raise UsageError(
                f"{what} would have two columns called {name}. Call the column of the category "
                "table otherwise (column: NAME)."
            )
        taken.add(name.casefold())
