"""``engagement features``: what derived columns say, and by which parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engagement_cli.categories import load_table
from engagement_cli.cli import options
from engagement_cli.cli.columns import aligned

if TYPE_CHECKING:
    from pathlib import Path


@click.group()
def features() -> None:
    """Tell what derived columns say, and by which parameters."""


@features.command("list")
def list_() -> None:
    """List the features, in the order of their columns.

    \b
      engagement features list
    """
    from engagement_cli.features import FEATURES  # noqa: PLC0415 - NumPy, only when there is work

    rows = [(one.name, one.columns, ", ".join(sorted(one.needs)) or None) for one in FEATURES]
    click.echo("\n".join(aligned([("feature", "columns", "needs"), *rows])))


@features.command()
@click.argument("name")
@options.categories_option
def show(name: str, table_file: Path | None) -> None:
    """Show what the feature NAME says: definition, parameters in force, an example.

    \b
      engagement features show most-watch
      engagement features show engagement --categories table.yaml
    """
    from engagement_cli.features.page import definition  # noqa: PLC0415 - likewise
    from engagement_cli.features.registry import (  # noqa: PLC0415 - likewise
        feature,
        parameters_of,
    )

    one, table = feature(name), load_table(table_file)
    parameters = parameters_of(table.features, [one], str(table_file))
    click.echo("\n".join(definition(one, table, parameters)))
