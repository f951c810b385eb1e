"""The lines themselves, cleaned and with their category: what is added up, before it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from engagement_cli.contracts import Contracts
from engagement_cli.frames import frame_of
from engagement_cli.pivot import nobody, place_of
from engagement_cli.schema import APP_NAME, CONTRACT, DAY, MAC, SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import pandas as pd

    from engagement_cli.categories import CategoryTable
    from engagement_cli.parse.chunk import Chunk

TYPE = "Type"
"""Column of a line's category."""


def cleaned(
    chunk: Chunk, day: date | None, table: CategoryTable, names: Sequence[str]
) -> pd.DataFrame:
    """The lines of a chunk that count, in their order.

    Args:
        chunk: The chunk, read with ``Mac``.
        day: The day of its source, if it is known.
        table: The category table.
        names: What the categories are called, and behind them the unmapped apps if they count.

    Returns:
        Date (date32, missing where unknown), Contract, Mac, AppName, Type (str; Mac empty where a
        line has none), TotalDuration (int64 seconds).
    """
    assert chunk.macs is not None
    contracts, apps = chunk.contracts, chunk.vocabulary.apps.all()
    if table.trim:
        contracts = Contracts.pack([name.strip() for name in contracts.strings().to_pylist()])
        apps = tuple(app.strip() for app in apps)
    places = np.array([place_of(table, app) for app in apps], np.int64)[chunk.app]
    kept = (places < len(names)) & ~nobody(contracts, table)
    app = chunk.app[kept]
    return frame_of(
        {
            DAY: pa.array([day], pa.date32()).take(pa.array(np.zeros(len(app), np.int64))),
            CONTRACT: contracts.take(kept).strings(),
            MAC: chunk.macs.take(kept).strings(),
            APP_NAME: pa.array(apps, pa.large_string()).take(pa.array(app)),
            TYPE: pa.array(names, pa.large_string()).take(pa.array(places[kept])),
            SECONDS: chunk.seconds[kept],
        }
    )
