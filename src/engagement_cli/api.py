"""The program as Python functions: ``run`` for the result, ``read`` for the lines."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from engagement_cli import pipeline, planning
from engagement_cli.categories import CategoryTable, load_table
from engagement_cli.errors import UsageError
from engagement_cli.parse.formats import SHAPES
from engagement_cli.quality import RejectLimit
from engagement_cli.scan import BLOCK_SIZE, Reading
from engagement_cli.sources.days import parse_day
from engagement_cli.transform import Transformation
from engagement_cli.views import Selection, View, check_known, check_least

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from engagement_cli.grains import Grain
    from engagement_cli.parse.formats import Shape
    from engagement_cli.pivot import Unmapped
    from engagement_cli.planning import Strategy
    from engagement_cli.views import Labels

    Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


def run(
    inputs: Paths,
    *,
    categories: CategoryTable | str | os.PathLike[str] | None = None,
    since: date | str | None = None,
    until: date | str | None = None,
    day: date | str | None = None,
    unmapped: Unmapped = "drop",
    max_rejects: int | str = 0,
    features: str | Iterable[str] = (),
    labels: Labels = "key",
    unit: Literal["seconds", "minutes", "hours"] = "seconds",
    contracts: Iterable[str] | None = None,
    min_total: int = 0,
    top: int | None = None,
    by_column: str | None = None,
    by: Grain = "contract",
    dedupe_id: bool = False,
    strict: bool = False,
    strategy: Strategy = "incremental",
    shape: Shape | None = None,
    jobs: int | None = None,
    block_size: int = BLOCK_SIZE,
) -> pd.DataFrame:
    """Read logs and make one row a contract.

    Args:
        inputs: One or several folders, files or glob patterns.
        categories: A category table or the path of one; the built-in one by default.
        since: The first day that counts, as a date, ``2022-04-01`` or ``20220401``.
        until: The last day that counts.
        day: The day of input whose name tells none.
        unmapped: What becomes of apps that no category lists: ``drop``, ``keep`` or ``fail``.
        max_rejects: Rejected lines to accept: a number, or a share such as ``"0.01%"``.
        features: Derived columns by name: a list, a text with commas, or ``"all"``.
        labels: What values call a category: its ``key``, ``label`` or ``column``.
        unit: Seconds as int64; minutes (2 decimals) and hours (4) as float64.
        contracts: Give only these contracts.
        min_total: Give only contracts with so many seconds in total at least.
        top: Give only so many contracts, those with the most seconds in total.
        by_column: What ``top`` compares instead of the total.
        by: What one row is about.
        dedupe_id: Whether equal ``_id``s within a day's files count once, the first.
        strict: Whether a warning is an error.
        strategy: ``incremental`` adds up sums; ``batch`` holds every line in one DataFrame.
        shape: The shape of every file; None to recognise each.
        jobs: Threads that read; None for one a processor.
        block_size: Bytes that each thread reads at a time.

    Returns:
        By default one row a contract, ordered by it: Contract (str), then int64 seconds by
        category, then the columns of the features. The account of the run, as ``--summary``
        writes it, is ``frame.attrs["account"]``.

    Raises:
        EngagementError: Whatever prevents it; the subclass says what to do.
    """
    table = _table(categories)
    request = planning.Request(
        _paths(inputs),
        table=table,
        since=_day(since),
        until=_day(until),
        day=_day(day),
        unmapped=unmapped,
        max_rejects=RejectLimit.parse(str(max_rejects)),
        strict=strict,
        strategy=strategy,
        reading=_reading(shape, jobs, block_size),
        view=View.asked(
            table,
            _where(categories),
            features=features,
            labels=labels,
            unit=unit,
            selection=Selection(_listed(contracts), min_total, top, by_column),
            grain=by,
        ),
        dedupe=dedupe_id,
    )
    outcome = pipeline.run(request, planning.plan(request), pipeline.Watcher())
    pipeline.judge(request, outcome)
    outcome.frame.attrs["account"] = outcome.account.as_dict()
    return outcome.frame


def read(
    inputs: Paths,
    *,
    categories: CategoryTable | str | os.PathLike[str] | None = None,
    since: date | str | None = None,
    until: date | str | None = None,
    day: date | str | None = None,
    unmapped: Unmapped = "drop",
    labels: Labels = "key",
    dedupe_id: bool = False,
    max_rejects: int | str = 0,
    strict: bool = False,
    shape: Shape | None = None,
    jobs: int | None = None,
    block_size: int = BLOCK_SIZE,
) -> Iterator[pd.DataFrame]:
    """Read logs block by block: the lines that ``run`` would count, as ``transform`` writes them.

    Args:
        inputs: One or several folders, files or glob patterns.
        categories: A category table or the path of one; the built-in one by default.
        since: The first day that counts, as a date, ``2022-04-01`` or ``20220401``.
        until: The last day that counts.
        day: The day of input whose name tells none.
        unmapped: What becomes of apps that no category lists: ``drop``, ``keep`` or ``fail``.
        labels: What Type calls a category: its ``key``, ``label`` or ``column``.
        dedupe_id: Whether equal ``_id``s within a day's files count once, the first.
        max_rejects: Rejected lines to accept: a number, or a share such as ``"0.01%"``.
        strict: Whether a warning is an error.
        shape: The shape of every file; None to recognise each.
        jobs: Threads that read; None for one a processor.
        block_size: Bytes that each thread reads at a time.

    Yields:
        Lines in their order: Date (date32, missing where unknown), Contract, Mac, AppName, Type
        (str), TotalDuration (int64 seconds).

    Raises:
        EngagementError: Whatever prevents it; the subclass says what to do. Limits are judged
            behind the last block.
    """
    table = _table(categories)
    request = planning.Request(
        _paths(inputs),
        table=table,
        since=_day(since),
        until=_day(until),
        day=_day(day),
        unmapped=unmapped,
        max_rejects=RejectLimit.parse(str(max_rejects)),
        strict=strict,
        reading=_reading(shape, jobs, block_size),
        view=View.asked(table, _where(categories), labels=labels),
        dedupe=dedupe_id,
    )
    lines = Transformation(request, planning.plan(request), pipeline.Watcher())
    yield from lines
    pipeline.judge(request, lines.outcome())


def _paths(inputs: Paths) -> list[str]:
    listed = [inputs] if isinstance(inputs, (str, os.PathLike)) else inputs
    if not isinstance(listed, Iterable):
        raise UsageError(f"inputs must be paths, not {listed!r}.")
    return [os.fspath(path) for path in listed]


def _table(categories: CategoryTable | str | os.PathLike[str] | None) -> CategoryTable:
    if isinstance(categories, CategoryTable):
        return categories
    return load_table(None if categories is None else Path(categories))


def _reading(shape: Shape | None, jobs: int | None, block_size: int) -> Reading:
    if shape is not None:
        check_known("shape", shape, SHAPES)
    if jobs is not None:
        check_least("jobs", jobs, 1)
    check_least("block_size", block_size, 1)
    return Reading(shape=shape, jobs=jobs, block_size=block_size)


def _where(categories: CategoryTable | str | os.PathLike[str] | None) -> str:
    """What messages call the category table."""
    if categories is None:
        return "the built-in table"
    return "the category table" if isinstance(categories, CategoryTable) else str(categories)


def _listed(contracts: object) -> frozenset[str] | None:
    """The contracts of a list; a text is none, though it can be gone through like one."""
    if contracts is None:
        return None
    if isinstance(contracts, str) or not isinstance(contracts, Iterable):
        raise UsageError(f"contracts must be a list of contracts, not {contracts!r}.")
    listed = list(contracts)
    for one in listed:
        if not isinstance(one, str):
            raise UsageError(f"contracts must be texts, as in the result, not {one!r}.")
    return frozenset(listed)


def _day(day: object) -> date | None:
    """A day as it may be given; a moment, such as pandas', stands for its day."""
    if isinstance(day, str):
        return parse_day(day)
    if isinstance(day, datetime):
        return day.date()
    if day is None or isinstance(day, date):
        return day
    raise UsageError(f"{day!r} is no day; give a date, or text such as '2022-04-01'.")
