"""Other grains of a result than one row a contract: a category, an app, a contract and day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from engagement_cli.frames import check_names, frame_of
from engagement_cli.schema import APP_NAME, DAY, LINES, SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import pandas as pd

    from engagement_cli.pivot import Mapped

Grain = Literal["contract", "contract-day", "category", "app", "day"]
GRAINS: tuple[Grain, ...] = get_args(Grain)


def by_category(groups: Mapped, names: Sequence[str]) -> pd.DataFrame:
    """One row a category, in the order of the table.

    Args:
        groups: The sums.
        names: What the categories are called, and behind them the unmapped apps if they count.

    Returns:
        Category (str); Contracts, Lines, TotalDuration in seconds (int64).
    """
    import pyarrow as pa  # noqa: PLC0415 - reading begins without

    rows = [groups.code == place for place in range(len(names))]
    return frame_of(
        {
            "Category": pa.array(names, pa.large_string()),
            "Contracts": [len(groups.having(row)) for row in rows],
            LINES: [int(groups.partial.lines[row].sum()) for row in rows],
            SECONDS: [int(groups.partial.seconds[row].sum()) for row in rows],
        }
    )


def by_app(groups: Mapped, names: Sequence[str]) -> pd.DataFrame:
    """One row an app, ordered by its name; the arguments are those of ``by_category``.

    Returns:
        AppName, Category (str); Contracts, Lines, TotalDuration in seconds (int64).
    """
    import pyarrow as pa  # noqa: PLC0415 - reading begins without

    partial, size = groups.partial, len(groups.partial.apps)
    counted = groups.code < len(names)
    app = partial.app[counted]
    columns = np.zeros((4, size), np.int64)
    columns[0, app] = groups.code[counted]
    np.add.at(columns[1], app, 1)
    np.add.at(columns[2], app, partial.lines[counted])
    np.add.at(columns[3], app, partial.seconds[counted])
    seen = np.flatnonzero(columns[1]).tolist()
    rows = np.array(sorted(seen, key=lambda code: partial.apps[code]), np.int64)
    category, contracts, lines, seconds = columns[:, rows]
    return frame_of(
        {
            APP_NAME: pa.array([partial.apps[code] for code in rows], pa.large_string()),
            "Category": pa.array([names[code] for code in category], pa.large_string()),
            "Contracts": contracts,
            LINES: lines,
            SECONDS: seconds,
        }
    )


def of_day(day: date, frame: pd.DataFrame) -> pd.DataFrame:
    """A day's frame of one row a contract, with the day before it (Date, date32).

    Raises:
        UsageError: A column of the frame is called like that of the day.
    """
    import pandas as pd  # noqa: PLC0415 - reading begins without
    import pyarrow as pa  # noqa: PLC0415 - reading begins without

    days = frame_of({DAY: pa.array([day] * len(frame), pa.date32())})
    check_names("A result by contract and day", [DAY, *frame.columns])
    return pd.concat([days, frame], axis=1)
