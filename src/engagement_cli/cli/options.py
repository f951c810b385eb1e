"""Options, each declared once, and the headings they stand under in a command's help."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from engagement_cli.errors import UsageError
from engagement_cli.sources.days import parse_day

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

_MOST_BLOCK_BYTES = 1024**3
_MOST_SECONDS = 1_000_000
_COUNT = re.compile(r"0*([1-9]\d{0,2}|10[01]\d|102[0-4])", re.ASCII)
_SIZE = re.compile(r"(\d{1,18})\s*([kmg]?)(?:i?b)?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


class Option(click.Option):
    """An option that knows its heading."""

    def __init__(self, *args: Any, heading: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self.heading = heading


class Command(click.Command):
    """A command whose help shows its options under their headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, heading by heading in the order they were declared in."""
        headings: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            if (record := parameter.get_help_record(ctx)) is not None:
                headings.setdefault(getattr(parameter, "heading", "Other"), []).append(record)
        for heading, records in headings.items():
            with formatter.section(heading):
                formatter.write_dl(records)


class Parsed(click.ParamType[Any, str]):
    """A value read by a function that raises UsageError with a message for the user."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The parsed value."""
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except UsageError as error:
            self.fail(str(error), param, ctx)


def parse_size(text: str) -> int:
    """A size in bytes: ``65536``, ``64k`` or ``4MiB``; units are powers of 1024.

    Raises:
        UsageError: It is none, or not from 1 byte to 1 GiB.
    """
    found = _SIZE.fullmatch(text.strip())
    size = int(found[1]) * _UNITS[found[2].lower()] if found else 0
    if not 0 < size <= _MOST_BLOCK_BYTES:
        raise UsageError(
            f"{text[:40]!r} is not a size up to 1 GiB; write it as 65536, 64k or 4MiB."
        )
    return size


def parse_count(text: str) -> int:
    """A number from 1 to 1,024.

    Raises:
        UsageError: It is none.
    """
    if not _COUNT.fullmatch(text):
        raise UsageError(f"{text[:40]!r} is not a number from 1 to 1024.")
    return int(text)


def _many(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Several options as one decorator; the first stands first in the help."""

    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


def _option(*names: str, heading: str, **more: Any) -> Callable[[F], F]:
    return click.option(*names, cls=Option, heading=heading, **more)


def parse_folder(text: str) -> Path:
    """The folder of a state.

    Raises:
        UsageError: It is empty text, which would be the working directory.
    """
    if not text.strip():
        raise UsageError("The folder of a state is empty text. Name a folder, such as STATE.")
    return Path(text)


def parse_seconds(text: str) -> float:
    """How long to wait, in seconds.

    Raises:
        UsageError: It is no number from 0 to 1,000,000.
    """
    with suppress(ValueError):
        if 0 <= (seconds := float(text)) <= _MOST_SECONDS:
            return seconds
    raise UsageError(f"{text!r} is not a number of seconds up to 1,000,000, such as 600.")


_DAY = Parsed("day", parse_day)
_FOLDER = Parsed("folder", parse_folder)
STATE_VARIABLE = "ENGAGEMENT_STATE"

input_option = _option(
    "-i",
    "--input",
    "inputs",
    heading="Input",
    multiple=True,
    required=True,
    metavar="PATH",
    help="A folder (searched), a file, a quoted glob pattern, or - for stdin. Repeatable.",
)
date_option = _option(
    "--date", "day", heading="Input", type=_DAY, metavar="DAY", help="The day of input without one."
)
shape_option = _option(
    "--format",
    "shape",
    heading="Input",
    type=click.Choice(["auto", "hits", "source", "bulk", "search", "array"]),
    default="auto",
    show_default=True,
    help="The shape of the files; auto recognises each.",
)
dedupe_option = _option(
    "--dedupe-id",
    "dedupe",
    heading="Quality",
    is_flag=True,
    help="Count equal _id within a day's files once, the first.",
)
devices_option = _option(
    "--devices",
    heading="State",
    is_flag=True,
    help="Keep the devices of what is read, too, as keyed hashes: for the feature devices.",
)
range_options = _many(
    _option(
        "--since",
        heading="Input",
        type=_DAY,
        metavar="DAY",
        help="The first day that counts (2022-04-01 or 20220401).",
    ),
    _option("--until", heading="Input", type=_DAY, metavar="DAY", help="The last day that counts."),
)
categories_option = _option(
    "--categories",
    "table_file",
    heading="Categories",
    type=click.Path(path_type=Path),
    metavar="FILE",
    envvar="ENGAGEMENT_CATEGORIES",
    show_envvar=True,
    help="A category table instead of the built-in one.",
)
unmapped_option = _option(
    "--unmapped",
    heading="Categories",
    type=click.Choice(["drop", "keep", "fail"]),
    default="drop",
    show_default=True,
    help="Apps that no category lists: leave out, keep in a column of their own, or refuse.",
)
labels_option = _option(
    "--labels",
    heading="Columns",
    type=click.Choice(["key", "label", "column"]),
    default="key",
    show_default=True,
    help="What values call a category: its key, its label or its column.",
)
view_options = _many(
    _option(
        "--features",
        heading="Columns",
        metavar="LIST|all",
        default="",
        help="Derived columns, such as most-watch,taste; `engagement features list` tells all.",
    ),
    labels_option,
    _option(
        "--by",
        "grain",
        heading="Columns",
        type=click.Choice(["contract", "contract-day", "category", "app", "day"]),
        default="contract",
        show_default=True,
        help="What one row is about.",
    ),
    _option(
        "--unit",
        heading="Columns",
        type=click.Choice(["seconds", "minutes", "hours"]),
        default="seconds",
        show_default=True,
        help="Seconds, or minutes with 2 decimals, or hours with 4.",
    ),
    _option(
        "--contracts",
        "contracts_file",
        heading="Rows",
        metavar="FILE|-",
        help="Write only the contracts that this file lists, one a line.",
    ),
    _option(
        "--min-total",
        heading="Rows",
        type=click.IntRange(min=0),
        default=0,
        metavar="SECONDS",
        help="Write only contracts with so many seconds in total at least.",
    ),
    _option(
        "--top",
        heading="Rows",
        type=click.IntRange(min=1),
        metavar="N",
        help="Write only the N contracts with the most seconds in total.",
    ),
    _option(
        "--by-column",
        heading="Rows",
        metavar="COLUMN",
        help="What --top compares instead of the total.",
    ),
)
figures_options = _many(
    _option(
        "--figures",
        "figures_target",
        heading="Figures",
        metavar="TARGET",
        help="Write one row a period: lines, contracts, new contracts, durations, missing days.",
    ),
    _option(
        "--period",
        heading="Figures",
        type=click.Choice(["day", "week", "month"]),
        default="day",
        show_default=True,
        help="What one row of the figures is about; weeks begin on Monday.",
    ),
)
rejects_options = _many(
    _option(
        "--max-rejects",
        heading="Quality",
        default="0",
        show_default=True,
        metavar="N|P%",
        help="Rejected lines to accept, as a number or a share of all lines.",
    ),
    _option(
        "--rejects",
        "rejects_file",
        heading="Quality",
        metavar="FILE",
        help="Keep rejected lines as NDJSON.",
    ),
)
strict_option = _option(
    "--strict", heading="Quality", is_flag=True, help="Take warnings for errors."
)
quality_options = _many(rejects_options, strict_option)
jobs_option = _option(
    "--jobs",
    heading="Run",
    type=Parsed("count", parse_count),
    metavar="N",
    help="Threads that read.  [default: one a processor]",
)
reading_options = _many(
    jobs_option,
    _option(
        "--block-size",
        heading="Run",
        type=Parsed("size", parse_size),
        default="4MiB",
        show_default=True,
        metavar="SIZE",
        help="Bytes that each thread reads at a time.",
    ),
)


def _not_both(ctx: click.Context, _: click.Parameter, value: bool) -> bool:
    if value and (ctx.params.get("quiet") or ctx.params.get("verbose")):
        raise click.UsageError("--quiet and --verbose contradict each other. Give one of them.")
    return value


def _voice(*names: str, says: str) -> Callable[[F], F]:
    return _option(*names, heading="Run", is_flag=True, callback=_not_both, help=says)


verbosity_options = _many(
    _voice("-q", "--quiet", says="Say nothing but errors."),
    _voice("-v", "--verbose", says="Say more: every file."),
)
strategy_option = _option(
    "--strategy",
    heading="Run",
    type=click.Choice(["incremental", "batch"]),
    default="incremental",
    show_default=True,
    help="Add up sums, or hold every line in one DataFrame. Both give the same bytes.",
)
csv_safe_option = _option(
    "--csv-safe",
    heading="Output",
    is_flag=True,
    help="Put an apostrophe before contracts, devices and apps that a spreadsheet takes for "
    "formulas.",
)
lines_option = _option(
    "-o",
    "--output",
    "target",
    heading="Output",
    required=True,
    metavar="TARGET",
    help="x.csv, x.csv.gz, x.csv.zst, x.parquet, x.jsonl, - for CSV on stdout, or x/ for a folder "
    "of Parquet files, one a day.",
)
output_options = _many(
    _option(
        "-o",
        "--output",
        "target",
        heading="Output",
        metavar="TARGET",
        help="x.csv, x.csv.gz, x.csv.zst, x.parquet, x.jsonl, - for CSV on stdout, or the URL of "
        "a database; ENGAGEMENT_OUTPUT_URL may hold that, too.",
    ),
    _option(
        "--output-url-file",
        "url_file",
        heading="Output",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="A file that holds the URL of the database, so that no command line shows it.",
    ),
    csv_safe_option,
)
summary_option = _option(
    "--summary",
    "summary_file",
    heading="Output",
    metavar="FILE|-",
    help="Write the account as JSON.",
)
dry_run_option = _option(
    "--dry-run", heading="Output", is_flag=True, help="Say what would be read, and stop."
)
full_option = _option(
    "--full", heading="Run", is_flag=True, help="Read all of each file, not its first 8 MiB."
)
json_option = _option(
    "--json", "as_json", heading="Output", is_flag=True, help="JSON instead of text."
)
skip_damaged_option = _option(
    "--skip-damaged",
    heading="Run",
    is_flag=True,
    help="Leave damaged partials out, and move them to STATE/damaged.",
)
table_options = _many(
    _option(
        "--table",
        heading="Table",
        default="engagement",
        show_default=True,
        metavar="[SCHEMA.]NAME",
        help="The table to load, where the output is a database.",
    ),
    _option(
        "--if-exists",
        heading="Table",
        type=click.Choice(["replace", "upsert", "append", "fail"]),
        default="replace",
        show_default=True,
        help="What to do with a table that is there.",
    ),
    _option(
        "--prune",
        heading="Table",
        is_flag=True,
        help="With upsert: delete the rows of contracts that the result does not have.",
    ),
)


def state_option(*, required: bool = True) -> Callable[[F], F]:
    """The folder of a state; ``run`` does without one."""
    return _option(
        "--state",
        "state_folder",
        heading="State",
        required=required,
        type=_FOLDER,
        metavar="FOLDER",
        envvar=STATE_VARIABLE,
        show_envvar=True,
        help="Where what is read is kept, so that no file is read twice.",
    )


state_argument = click.argument("folder", metavar="STATE", envvar=STATE_VARIABLE, type=_FOLDER)
lock_timeout_option = _option(
    "--lock-timeout",
    heading="Run",
    type=Parsed("seconds", parse_seconds),
    metavar="SECONDS",
    help="How long to wait for another process that holds the state or the table.  "
    "[default: 0 for a state, 30 for a table]",
)
