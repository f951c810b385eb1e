"""What there is to say about features, as text: for the terminal, and for the page in docs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement_cli.categories import builtin_table
from engagement_cli.features.example import EXTENT, example
from engagement_cli.features.registry import FEATURES, default_parameters
from engagement_cli.features.settings import options
from engagement_cli.schema import CONTRACT

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from engagement_cli.categories import CategoryTable
    from engagement_cli.features.feature import Feature
    from engagement_cli.features.registry import Parameters

_NEEDS = {
    "days": "Needs the day of every file.",
    "devices": "Needs `Mac`, which is read only when asked for.",
}

_INTRODUCTION = f"""\
# Features

Written from the program's own definitions by `tests/features_page.py`; `engagement features show
NAME` prints the same, with the parameters of your category table.

Features are columns behind the columns of seconds. `engagement run --features most-watch,taste`
asks for some, `--features all` for all, in the order of this page. They are computed when a result
is written, from totals over the whole range asked for; nothing in them is the label of a day.

Their parameters stand in the category table under `features`, each feature's under its name. A
wrong one is refused with its line before any file is read. `--labels key|label|column` chooses
what values call a category. `--unit minutes` (2 decimals) or `hours` (4 decimals) converts the
columns of seconds, each value once, half to even, after everything else.

The examples below are five contracts in the range {EXTENT.first} to {EXTENT.last} and the built-in
table.
"""


def definition(feature: Feature, table: CategoryTable, parameters: Parameters) -> Iterator[str]:
    """A feature's definition, its parameters in force, and an example; Markdown, line by line."""
    yield f"Columns: {feature.columns}"
    yield ""
    yield feature.definition
    for need in sorted(feature.needs):
        yield ""
        yield _NEEDS[need]
    told = list(options(parameters[feature.parameters]))
    if told:
        yield ""
        yield "    features:"
        yield f"      {feature.name}:"
        yield from (f"        {one.name}: {one.value}" for one in told)
        yield ""
        for one in told:
            changed = "" if one.value == one.default else f" Default: `{one.default}`."
            yield f"- `{one.name}`: {one.told}{changed}"
    yield ""
    yield from _table(_shown(feature, table, parameters))


def page() -> str:
    """The page of all features, with the built-in table and the default parameters."""
    table, parameters = builtin_table(), default_parameters()
    lines = [_INTRODUCTION]
    for feature in FEATURES:
        lines += [f"## {feature.name}", "", *definition(feature, table, parameters), ""]
    return "\n".join(lines)


def _shown(feature: Feature, table: CategoryTable, parameters: Parameters) -> pd.DataFrame:
    """The example: contract and seconds, or what else goes in, then what comes out."""
    alone = example(table, [feature], parameters)
    if not feature.shows:
        return alone
    own = alone.columns[1 + len(table.columns) :]
    shown = dict.fromkeys([CONTRACT, *feature.shows, *own])
    return example(table, FEATURES, parameters)[list(shown)]


def _table(frame: pd.DataFrame) -> Iterator[str]:
    """A frame as a Markdown table whose columns are aligned; numbers to the right."""
    columns = {name: [_text(value) for value in frame[name].tolist()] for name in frame.columns}
    widths = {name: max(3, len(name), *map(len, cells)) for name, cells in columns.items()}
    right = {name: name != CONTRACT and frame[name].dtype.kind in "if" for name in columns}

    def row(cells: dict[str, str]) -> str:
        padded = (
            cell.rjust(widths[name]) if right[name] else cell.ljust(widths[name])
            for name, cell in cells.items()
        )
        return "| " + " | ".join(padded) + " |"

    yield row({name: name for name in columns})
    yield row({name: "-" * (widths[name] - 1) + (":" if right[name] else "-") for name in columns})
    for place in range(len(frame)):
        yield row({name: cells[place] for name, cells in columns.items()})


def _text(value: object) -> str:
    return "" if value is None else str(value)
