"""``engagement sample``: logs to try things on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engagement_cli.sample import SHAPES, write_days

if TYPE_CHECKING:
    from datetime import datetime

    from engagement_cli.sample import ShapeName


@click.command()
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--days", type=int, default=1, show_default=True, help="How many days, a file each.")
@click.option(
    "--lines",
    type=int,
    default=10_000,
    show_default=True,
    help="Lines in each day; 1600000 make a real day, about 280 MB.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, other logs.")
@click.option(
    "--start",
    type=click.DateTime(["%Y-%m-%d", "%Y%m%d"]),
    default="2022-04-01",
    metavar="DATE",
    show_default=True,
    help="The first day.",
)
@click.option(
    "--contracts",
    type=int,
    help="How many contracts exist.  [default: 6 for every 5 lines of a day]",
)
@click.option(
    "--shape",
    type=click.Choice(list(SHAPES)),
    default="hits",
    show_default=True,
    help="How hits are laid out in a file.",
)
@click.option("--dirty", is_flag=True, help="Put in bad and odd lines of every kind.")
@click.option("--gzip", is_flag=True, help="Compress the files.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
def sample(
    out: Path,
    *,
    days: int,
    lines: int,
    seed: int,
    start: datetime,
    contracts: int | None,
    shape: ShapeName,
    dirty: bool,
    gzip: bool,
    force: bool,
) -> None:
    """Write logs that look like real ones into the folder OUT.

    \b
      engagement sample logs
      engagement sample logs --days 30 --lines 1600000
      engagement sample logs --dirty --seed 7

    Contracts, devices and events are invented; how often things happen is as in real logs. The
    same options give the same lines everywhere, and a day does not depend on how many are made.
    """
    hidden = not sys.stderr.isatty()
    with click.progressbar(
        length=days * lines, label="writing", file=sys.stderr, hidden=hidden
    ) as bar:
        files = write_days(
            out,
            days=days,
            lines=lines,
            seed=seed,
            start=start.date(),
            contracts=contracts,
            shape=shape,
            dirty=dirty,
            gzip=gzip,
            force=force,
            advance=bar.update,
        )
    for file in files:
        click.echo(f"{file.path}  {file.lines:,} lines  {file.size:,} bytes", err=True)
