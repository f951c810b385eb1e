"""From the options of a command to what the pipeline is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from engagement_cli.categories import load_table
from engagement_cli.cli.view import VIEW_OPTIONS, view_of
from engagement_cli.errors import UsageError
from engagement_cli.planning import Request
from engagement_cli.quality import RejectLimit
from engagement_cli.scan import BLOCK_SIZE, Reading
from engagement_cli.sources.discover import STDIN

if TYPE_CHECKING:
    from pathlib import Path

    from engagement_cli.parse.formats import Shape


def request_of(
    *,
    table_file: Path | None,
    shape: str = "auto",
    jobs: int | None,
    block_size: int = BLOCK_SIZE,
    max_rejects: str = "0",
    **asked: Any,
) -> Request:
    """The request that the options of a command make; ``asked`` are its other fields."""
    if STDIN in asked.get("inputs", ()) and asked.get("contracts_file") == STDIN:
        raise UsageError("Only one of --input and --contracts can be standard input.")
    table = load_table(table_file)
    if of_view := {name: asked.pop(name) for name in VIEW_OPTIONS if name in asked}:
        asked["view"] = view_of(table, table_file, **of_view)
    return Request(
        table=table,
        max_rejects=RejectLimit.parse(max_rejects),
        reading=Reading(
            shape=None if shape == "auto" else cast("Shape", shape),
            jobs=jobs,
            block_size=block_size,
        ),
        **asked,
    )
