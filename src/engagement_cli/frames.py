"""DataFrames out of columns: strings as str, days as Arrow's date32, numbers as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engagement_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd


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
