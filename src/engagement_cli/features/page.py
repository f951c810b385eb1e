"""What there is to say about features, as text: for the terminal, and for the page in docs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement_cli.categories import builtin_table
from engagement_cli.features.example import EXTENT, example
from engagement_cli.features.registry import FEATURES, default_parameters
from engagement_cli.features.settings import options
from engagement_cli.schema import APP_NAME, CONTRACT, DAY, LINES, MAC, SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from engagement_cli.categories import CategoryTable
    from engagement_cli.features.feature import Feature
    from engagement_cli.features.registry import Parameters

_NEEDS = {
    "days": "Needs the day of every file.",
    "devices": "Needs `Mac`, which is read only when asked for. A state counts devices where "
    "`--devices` was said when it ingested: engagement ingest -i LOGS --state STATE --devices",
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

Behind the features stand [figures](#figures), [rows of other things than
contracts](#what-one-row-is-about), and [which contracts are written](#which-contracts-are-written).

The examples below are five contracts in the range {EXTENT.first} to {EXTENT.last} and the built-in
table.
"""

_BESIDE_FEATURES = f"""\
## Figures

`--figures TARGET` writes one row a period beside the result: into a file of any kind that results
have, or into a database, where the table is called like that of the result with `_figures` behind
it (`--table daily.engagement` gives `daily.engagement_figures`). `--period` is `day`, `week` or
`month`. The figures are of all contracts, whatever `--contracts`, `--min-total` and `--top` leave
out of the result. They need the day of every file.

- `{DAY}`: The first day of the period. Weeks begin on Monday: the first week, or month, may begin
  before the range, and counts only what lies inside it. Every period of the range has a row, one
  of zeros where nothing was watched.
- `{LINES}`: Accepted lines of mapped apps. Lines of unmapped apps are left out, unless
  `--unmapped keep` gives them a column.
- `Contracts`: Different contracts with such a line in the period, each once.
- `NewContracts`: Those whose first such line of the whole range lies in the period. New is new
  within the range: nothing before it is known.
- `{SECONDS}`: Seconds of these lines.
- `TVDuration`, `TVContracts` and so on: For each column of the table, and for that of unmapped
  apps where they are kept: its seconds, and the contracts with a line in it. A contract may be in
  several.
- `UnmappedDuration`: Seconds of unmapped apps, whether they are kept or not.
- `UniqueDevices`: With `--features devices`: different `{MAC}`s in the period's accepted lines of
  these contracts, of whatever app. A device of two contracts is one.
- `AvgDurationPerContract`: `{SECONDS}` over `Contracts`, rounded once, half to even, to 2
  decimals, or to 4 in hours; 0 where there are none.
- `Missing`: Days of the period, inside the range, that no file is of. A file whose lines count
  elsewhere, since another has the same bytes, is there.

The range is that of `--since` and `--until`, and where one of them is not given it begins or ends
with the files.

## What one row is about

`--by` says it; for each word, its rows and their columns:

- `contract`, if nothing is said: a contract with an accepted line of a mapped app, in the order
  of contracts; `{CONTRACT}`, seconds by category, features.
- `contract-day`: a contract and day with such a line, day by day; `{DAY}`, `{CONTRACT}`, seconds
  by category.
- `category`: a category, in the order of the table, watched or not; `Category`, `Contracts`,
  `{LINES}`, `{SECONDS}`.
- `app`: a mapped app with a line, in the order of names; `{APP_NAME}`, `Category`, `Contracts`,
  `{LINES}`, `{SECONDS}`.
- `day`: a day; the columns of the figures.

With `--unmapped keep` unmapped apps count everywhere, under the name of the other column without
`Duration`. `Contracts` are different contracts with a line of the row; a contract with lines in two
rows is in both, so that the rows do not add up to all contracts. `{LINES}` and `{SECONDS}` are of
accepted lines and do add up.

Two columns of one name, or of names that differ in case alone, are refused before any file is read:
call the column of the category table otherwise.

## Which contracts are written

Whatever is left out, the values of the others stay the same: quartiles, scores and the account are
of all contracts.

- `--contracts FILE` keeps the contracts that the file lists: UTF-8, one a line, empty lines passed
  over. They are compared as they are written, white space and case included. One without any line
  that counts has no row.
- `--min-total SECONDS` keeps contracts with so many seconds in total at least: the sum of the
  columns, in seconds whatever `--unit` says.
- `--top N` keeps, of those, the N with the most seconds in total; `--by-column COLUMN` compares
  another column of numbers instead, `{SECONDS}` also where it is not asked for. Of equal values the
  first contracts are kept. The rows stay in the order of contracts.

With `--by contract-day` contracts can be listed, and with the other rows none are chosen.

## Devices

A device is a `{MAC}`, compared byte for byte: `0C96E62FC55C` and `0c96e62fc55c` are two devices. A
`{MAC}` that is missing, null or empty is none.

A state keeps devices where `--devices` says so, as keyed hashes and never in the clear
([state](state.md#devices)); counts are the same with and without state.
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
    lines.append(_BESIDE_FEATURES)
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
