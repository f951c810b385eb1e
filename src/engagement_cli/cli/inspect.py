"""``engagement inspect``: what is in log files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import click

from engagement_cli.categories import load_table
from engagement_cli.cli import options
from engagement_cli.cli.columns import aligned, cell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from engagement_cli.categories import CategoryTable
    from engagement_cli.parse.formats import Shape
    from engagement_cli.survey import Survey


@click.command(cls=options.Command)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@options.date_option
@options.shape_option
@options.categories_option
@options.full_option
@options.json_option
def inspect(
    *,
    paths: tuple[str, ...],
    day: date | None,
    shape: str,
    table_file: Path | None,
    full: bool,
    as_json: bool,
) -> None:
    """Tell what is in log files, reading the first 8 MiB of each.

    \b
    Examples:
      engagement inspect logs/20220401.json
      engagement inspect logs/ --full
      engagement inspect 'logs/*.gz' --json | jq .
    """
    from engagement_cli.sources.discover import discover  # noqa: PLC0415 - only when there is work
    from engagement_cli.survey import survey  # noqa: PLC0415 - likewise

    table = load_table(table_file)
    forced = None if shape == "auto" else cast("Shape", shape)
    found = (
        survey(source, table, shape=forced, full=full)
        for source in discover(paths, day=day).sources
    )
    if as_json:
        records = [each.as_dict(table) for each in found]
        click.echo(json.dumps(records, ensure_ascii=False, indent=2))
        return
    for each in found:
        click.echo("\n".join(_lines(each, table)))


def _lines(found: Survey, table: CategoryTable) -> Iterator[str]:
    facts = found.as_dict(table)
    part = "" if found.whole else f" (first part of {facts['bytes']:,} bytes; --full reads all)"
    yield f"{facts['file']}{part}"
    yield f"  is         {facts['shape']}, compression {facts['compression']}"
    yield f"  day        {facts['day'] or 'none in its name or folders'}"
    yield (
        f"  lines      {facts['lines']:,} = {facts['accepted']:,} accepted"
        f" + {facts['filtered']:,} filtered + {facts['rejected']:,} rejected"
        f" + {facts['blank']:,} blank"
    )
    yield f"  contracts  {facts['contracts']:,}"
    yield f"  seconds    {facts['seconds']:,}"
    for order in found.key_orders:
        yield f"  keys       {order}"
    apps = [
        (cell(app["app"]), app["category"] or "-", f"{app['lines']:,}", f"{app['seconds']:,}")
        for app in facts["apps"]
    ]
    for line in aligned([("app", "category", "lines", "seconds"), *apps]):
        yield f"  {line}"
    for reason, count in sorted(found.tally.rejected.items()):
        yield f"  rejected   {count:,} {reason}"
    for reject in found.examples:
        yield f"    line {reject.line}, byte {reject.byte}: {reject.reason}: {cell(reject.text)}"
