"""Five contracts that show what features say: the example of the docs."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from engagement_cli.features.material import ActiveDays, Extent, Material, day_number
from engagement_cli.features.registry import derive
from engagement_cli.schema import CONTRACT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engagement_cli.categories import CategoryTable
    from engagement_cli.features.feature import Feature
    from engagement_cli.features.registry import Parameters

EXTENT = Extent(date(2022, 4, 1), date(2022, 4, 30), 30)
_CONTRACTS = ["CUAAA0001", "DNAAA0002", "HNAAA0003", "HNAAA0004", "SGAAA0005"]
_DAYS = [(30, 1, 30), (11, 2, 30), (1, 7, 7), (2, 10, 28), (21, 1, 29)]
_DEVICES = [2, 1, 1, 0, 4]


def example_frame(table: CategoryTable) -> pd.DataFrame:
    """Contract and int64 seconds by category.

    One watches the first category alone, one has a tie, one only tuned in, one watches the last
    category alone, and one watches all.
    """
    count = len(table.columns)
    rows = np.zeros((len(_CONTRACTS), count), np.int64)
    rows[0, 0] = 540000
    rows[1, : min(2, count)] = 7200
    rows[3, -1] = 59
    rows[4] = np.arange(count, 0, -1) * 36000
    return pd.DataFrame({CONTRACT: _CONTRACTS, **dict(zip(table.columns, rows.T, strict=True))})


def example(
    table: CategoryTable, features: Sequence[Feature], parameters: Parameters
) -> pd.DataFrame:
    """What these features say of the five contracts."""
    frame = example_frame(table)
    days, first, last = np.array(_DAYS, np.int64).T
    start = day_number(EXTENT.first) - 1
    material = Material(
        {column: frame[column].to_numpy() for column in table.columns},
        [category.key for category in table.categories],
        parameters,
        EXTENT,
        ActiveDays(days, start + first, start + last),
        np.array(_DEVICES, np.int64),
    )
    return derive(frame, features, material)
