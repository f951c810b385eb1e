"""DataFrames out of columns: strings as str, days as Arrow's date32, numbers as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping

_DATES = {pa.date32(): pd.ArrowDtype(pa.date32())}


def frame_of(columns: Mapping[str, Any]) -> pd.DataFrame:
    """A frame of these columns, NumPy or Arrow arrays or lists, n values each."""
    table = pa.table(dict(columns))
    frame: pd.DataFrame = table.to_pandas(split_blocks=True, types_mapper=_DATES.get)
    return frame
