"""``engagement categories``: the category table in force, and tables of one's own."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engagement_cli.categories import builtin_text, examine, load_table, write_builtin
from engagement_cli.cli import options, render
from engagement_cli.cli.columns import aligned
from engagement_cli.errors import CategoriesError, InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from engagement_cli.categories import Category, CategoryTable

_FILE = click.Path(path_type=Path)

_format_option = click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "csv", "json"]),
    default="text",
    show_default=True,
    help="Aligned text, CSV or JSON.",
)


@click.group()
def categories() -> None:
    """Show, check and try out category tables."""


@categories.command("list")
@options.categories_option
@_format_option
def list_(table_file: Path | None, shape: str) -> None:
    """List the categories in force, in the order of their columns.

    \b
      engagement categories list
      engagement categories list --categories table.yaml
      engagement categories list --format csv

    Patterns stand after the names of the apps. JSON keeps the two apart.
    """
    listed = load_table(table_file).categories
    _print(shape, _CATEGORY, map(_row, listed), [_record(category) for category in listed])


@categories.command()
@click.argument("file", type=_FILE)
@_format_option
def show(file: Path, shape: str) -> None:
    """Show the table in FILE: settings, then categories.

    \b
      engagement categories show table.yaml
      engagement categories show table.yaml --format json

    CSV holds the categories alone.
    """
    table = load_table(file)
    settings = _settings(table)
    if shape == "text":
        click.echo("\n".join(aligned([(name, _word(value)) for name, value in settings.items()])))
        click.echo()
    records = settings | {"categories": [_record(category) for category in table.categories]}
    _print(shape, _CATEGORY, map(_row, table.categories), records)


@categories.command("check")
@click.argument("file", type=_FILE)
def check_(file: Path) -> None:
    """Check the table in FILE: every fault with its line.

    \b
      engagement categories check table.yaml

    The exit status is 2 when there are faults.
    """
    from engagement_cli.features import parameters  # noqa: PLC0415 - NumPy, not for the others

    table, faults = examine(file)
    told = {fault.line for fault in faults}  # what could not be read is no parameter either
    faults += (fault for fault in parameters(table.features)[1] if fault.line not in told)
    if faults:
        lines = (fault.at(file) for fault in sorted(set(faults)))
        click.echo("\n".join(lines), err=True)  # as editors read them
        click.get_current_context().exit(CategoriesError.exit_status)
    click.echo(f"{file}: no faults")


@categories.command()
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
def init(file: Path, force: bool) -> None:
    """Write the built-in table to FILE, ready to edit.

    \b
      engagement categories init my.yaml
      engagement categories init table.yaml --force
      engagement categories init -

    A - writes it to standard output.
    """
    if file == Path("-"):
        click.echo(builtin_text(), nl=False)
    else:
        write_builtin(file, overwrite=force)


@categories.command("map")
@click.argument("apps", metavar="APP...", nargs=-1, required=True)
@options.categories_option
@_format_option
def map_(apps: tuple[str, ...], table_file: Path | None, shape: str) -> None:
    """Tell which category each APP falls in.

    \b
      engagement categories map VOD kplus "FIMS 2"
      engagement categories map --categories table.yaml VOD
      cut -d, -f2 apps.csv | engagement categories map -

    A - reads names from standard input, one a line. An app without a category is unmapped; near is
    the app or pattern of the table that it misses by case or white space alone.
    """
    table = load_table(table_file)
    rows = [_mapped(table, app) for app in _names(apps)]
    records = [dict(zip(_MAPPED, row, strict=True)) for row in rows]
    _print(shape, _MAPPED, rows, records)


@categories.command(cls=options.Command)
@options.input_option
@options.range_options
@options.date_option
@options.shape_option
@options.categories_option
@options.reading_options
def unmapped(**asked: Any) -> None:
    """List the apps in logs that no category lists, and YAML to paste.

    \b
      engagement categories unmapped -i logs
      engagement categories unmapped -i logs --categories table.yaml > unmapped.txt

    Rejected lines are passed over here; engagement run reports them.
    """
    from engagement_cli import pipeline, planning  # noqa: PLC0415 - NumPy, only when there is work
    from engagement_cli.cli.request import request_of  # noqa: PLC0415 - likewise

    request = request_of(**asked)
    outcome = pipeline.run(request, planning.plan(request), pipeline.Watcher())
    click.echo("\n".join(render.unmapped(outcome.account)))


_CATEGORY = ("category", "column", "label", "apps")
_MAPPED = ("app", "category", "column", "near")


def _row(category: Category) -> tuple[str, ...]:
    names = ",".join(name or "''" for name in category.apps + category.match)
    return category.key, category.column, category.label, names


def _record(category: Category) -> dict[str, Any]:
    return {
        "category": category.key,
        "column": category.column,
        "label": category.label,
        "apps": category.apps,
        "match": category.match,
    }


def _settings(table: CategoryTable) -> dict[str, Any]:
    return {
        "case": table.case,
        "trim": table.trim,
        "other": table.other,
        "ignore_contracts": sorted(table.ignore_contracts),
        "features": table.features.values,
    }


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _mapped(table: CategoryTable, app: str) -> tuple[str | None, ...]:
    position = table.category_of(app)
    if position is None:
        return app, None, None, table.near_miss(app)
    category = table.categories[position]
    return app, category.key, category.column, None


def _names(apps: Iterable[str]) -> Iterator[str]:
    for app in apps:
        if app == "-":
            yield from _piped_names()
        elif any("\ud800" <= character <= "\udfff" for character in app):
            raise UsageError(f"{app!r} is not UTF-8, as the names of apps are")
        else:
            yield app


def _piped_names() -> Iterator[str]:
    for number, line in enumerate(sys.stdin.buffer, 1):
        try:
            yield line.decode().rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise InputError(f"standard input, line {number}: not UTF-8") from error


def _print(
    shape: str,
    header: Sequence[str],
    rows: Iterable[Sequence[str | None]],
    records: list[dict[str, Any]] | dict[str, Any],
) -> None:
    if shape == "json":
        click.echo(json.dumps(records, ensure_ascii=False, indent=2))
    elif shape == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([header, *rows])
        click.echo(text.getvalue(), nl=False, color=True)  # or it strips codes from names
    else:
        click.echo("\n".join(aligned([header, *rows])))
