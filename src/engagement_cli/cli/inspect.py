"""``engagement inspect``: what is in log files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import click

from engagement_cli.categories import load_table
from engagement_cli.cli import options
from engagement_cli.cli.columns import aligned, cell
from engagement_cli.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path
    from typing import Any

    from engagement_cli.categories import CategoryTable
    from engagement_cli.parse.formats import Shape
    from engagement_cli.sources.discover import Source
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

    A file that cannot be read is told among the others, and the exit status
    is 1 then.
    """
    from engagement_cli.sources.discover import discover  # noqa: PLC0415 - only when there is work

    table = load_table(table_file)
    forced = None if shape == "auto" else cast("Shape", shape)
    sources = discover(paths, day=day).sources
    found = (_look(source, table, forced, full=full) for source in sources)
    told = []
    for each in found:
        told.append(each)
        if not as_json:
            click.echo("\n".join(_lines(each, table)))
    if as_json:
        records = [_record(each, table) for each in told]
        click.echo(json.dumps(records, ensure_ascii=False, indent=2))
    if failed := sum(isinstance(each, _Unreadable) for each in told):
        raise InputError(f"{failed:,} of {len(told):,} files cannot be read; each is told why.")


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """A file that cannot be read, and why."""

    source: Source
    error: str


def _look(
    source: Source, table: CategoryTable, shape: Shape | None, *, full: bool
) -> Survey | _Unreadable:
    from engagement_cli.survey import survey  # noqa: PLC0415 - NumPy, only when there is work

    try:
        return survey(source, table, shape=shape, full=full)
    except InputError as error:
        return _Unreadable(source, str(error).removeprefix(f"{source}: "))


def _record(found: Survey | _Unreadable, table: CategoryTable) -> dict[str, Any]:
    if isinstance(found, _Unreadable):
        day = found.source.day
        return {
            "file": str(found.source),
            "day": str(day) if day else None,
            "bytes": found.source.size,
            "error": found.error,
        }
    return found.as_dict(table)


def _lines(found: Survey | _Unreadable, table: CategoryTable) -> Iterator[str]:
    if isinstance(found, _Unreadable):
        yield f"{found.source}"
        yield f"  error      {found.error}"
        return
    facts = found.as_dict(table)
    size = "unknown size" if facts["bytes"] is None else f"{facts['bytes']:,} bytes"
    part = "" if found.whole else f" (first part of {size}; --full reads all)"
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
