"""The same result in plain pandas, from one DataFrame of all lines.

This is the job as a notebook does it: read everything, map, group, pivot. It needs memory for
every line, and gives the bytes that the incremental way gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement_cli.frames import Rows
from engagement_cli.pivot import CategoryFigures, Pivot, UnmappedApp
from engagement_cli.schema import APP_NAME, CONTRACT, DAY, MAC, SECONDS

if TYPE_CHECKING:
    import pandas as pd

    from engagement_cli.categories import CategoryTable


def pivot_lines(lines: pd.DataFrame, table: CategoryTable, *, keep_unmapped: bool = False) -> Pivot:
    """Map, group and pivot lines.

    Args:
        lines: One row a valid line: Contract, AppName (str), TotalDuration (int64 seconds).
        table: The category table.
        keep_unmapped: Whether unmapped apps count in the table's ``other`` column.
    """
    kept = _kept(lines, table)
    columns = [*table.columns, table.other] if keep_unmapped else list(table.columns)
    counted = kept[kept["column"].isin(columns)]
    frame = (
        counted.groupby([CONTRACT, "column"])[SECONDS]
        .sum()
        .unstack(fill_value=0)
        .reindex(columns=columns, fill_value=0)
        .sort_index()
        .rename_axis(columns=None)
        .reset_index()
    )
    by_column = kept.groupby("column").agg(
        contracts=(CONTRACT, "nunique"), lines=(SECONDS, "size"), seconds=(SECONDS, "sum")
    )
    by_column = by_column.reindex([*table.columns, table.other], fill_value=0)
    figures = zip(table.categories, by_column.itertuples(index=False), strict=False)
    by_app = kept[kept["column"] == table.other].groupby(APP_NAME)[SECONDS].agg(["size", "sum"])
    unmapped = [UnmappedApp(app, int(size), int(total)) for app, size, total in by_app.itertuples()]
    return Pivot(
        Rows(frame.astype({CONTRACT: lines[CONTRACT].dtype})),
        accepted=len(kept),
        filtered=len(lines) - len(kept),
        categories=tuple(CategoryFigures(category, *map(int, row)) for category, row in figures),
        unmapped=tuple(sorted(unmapped, key=lambda app: (-app.lines, app.app))),
    )


def active_days(
    lines: pd.DataFrame, table: CategoryTable, contracts: pd.Series, *, with_seconds: bool = False
) -> pd.DataFrame:
    """When contracts were active.

    Args:
        lines: As above, and behind them their day (int64, days since 1970-01-01).
        table: The category table.
        contracts: The contracts that are asked about.
        with_seconds: Whether a day counts only with more than 0 seconds.

    Returns:
        One row a contract: how many days, the first, the last (int64); 0 where there are none.
    """
    kept = _kept(lines, table)
    kept = kept[kept["column"] != table.other]
    if with_seconds:
        kept = kept[kept[SECONDS] > 0]
    days = kept.groupby(CONTRACT)[DAY].agg(["nunique", "min", "max"])
    return days.reindex(contracts, fill_value=0).astype("int64")


def devices(lines: pd.DataFrame, table: CategoryTable, contracts: pd.Series) -> pd.Series:
    """How many devices contracts had, as int64; ``lines`` as above, and behind them their Mac."""
    kept = _kept(lines, table)
    counts = kept[kept[MAC] != ""].groupby(CONTRACT)[MAC].nunique()
    return counts.reindex(contracts, fill_value=0).astype("int64")


def _kept(lines: pd.DataFrame, table: CategoryTable) -> pd.DataFrame:
    """The lines of contracts that are somebody, with the column that each counts in."""
    if table.trim:
        lines = lines.assign(
            **{CONTRACT: lines[CONTRACT].str.strip(), APP_NAME: lines[APP_NAME].str.strip()}
        )
    column_of = {app: _column(table, app) for app in lines[APP_NAME].unique()}
    nobodies = {name for name in lines[CONTRACT].unique() if table.is_nobody(name)}
    kept = lines[~lines[CONTRACT].isin(nobodies)]
    return kept.assign(column=kept[APP_NAME].map(column_of))


def _column(table: CategoryTable, app: str) -> str:
    code = table.category_of(app)
    return table.other if code is None else table.categories[code].column
