"""The view that the options of a command ask for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from engagement_cli.errors import InputError
from engagement_cli.sources.discover import STDIN
from engagement_cli.views import Selection, View

if TYPE_CHECKING:
    from engagement_cli.categories import CategoryTable
    from engagement_cli.figures import Period
    from engagement_cli.grains import Grain
    from engagement_cli.views import Labels

VIEW_OPTIONS = (
    "features",
    "labels",
    "unit",
    "contracts_file",
    "min_total",
    "top",
    "by_column",
    "grain",
    "period",
)
"""The parameters that ``options.view_options`` give a command."""

_BUILTIN = "the built-in table"


def view_of(
    table: CategoryTable,
    table_file: Path | None,
    *,
    features: str,
    labels: Labels,
    unit: str,
    contracts_file: str | None,
    min_total: int,
    top: int | None,
    by_column: str | None,
    grain: Grain,
    period: Period | None,
) -> View:
    """The view that ``options.view_options`` make; ``table_file`` is the table's, if it has one.

    Raises:
        UsageError: An option cannot mean anything.
        CategoriesError: The table sets a parameter wrongly.
        InputError: The list of contracts cannot be read.
    """
    contracts = None if contracts_file is None else listed_contracts(contracts_file)
    return View.asked(
        table,
        str(table_file or _BUILTIN),
        features=features,
        labels=labels,
        unit=unit,
        selection=Selection(contracts, min_total, top, by_column),
        grain=grain,
        period=period,
    )


def listed_contracts(file: str) -> frozenset[str]:
    """The contracts that a file lists, one a line; ``-`` for standard input.

    Raises:
        InputError: It cannot be read.
    """
    try:
        data = sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{file}: not UTF-8. Save the list as UTF-8, one contract a line."
        ) from error
    lines = (line.removesuffix("\r") for line in text.split("\n"))
    return frozenset(line for line in lines if line)
