"""``engagement export``: from stored state to one row a contract, without any log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from engagement_cli.cli import options

if TYPE_CHECKING:
    from pathlib import Path


@click.command(cls=options.Command)
@options.state_option()
@options.range_options
@options.categories_option
@options.unmapped_option
@options.view_options
@options.figures_options
@options.strict_option
@options.output_options
@options.summary_option
@options.table_options
@options.lock_timeout_option
@options.jobs_option
@options.verbosity_options
def export(
    *,
    state_folder: Path,
    lock_timeout: float | None,
    summary_file: str | None,
    quiet: bool,
    verbose: bool,
    **asked: Any,
) -> None:
    """Write one row a contract out of what is stored.

    \b
    Examples:
      engagement export --state STATE -o out.csv
      engagement export --state STATE -o april.parquet --since 2022-04-01 --until 2022-04-30
      engagement export --state STATE -o - --categories mine.yaml | head

    No log is read: another category table, another range or another format is
    answered from what is stored, in seconds.
    """
    from engagement_cli.cli.output import outputs_of  # noqa: PLC0415 - NumPy, only for work
    from engagement_cli.cli.request import request_of  # noqa: PLC0415 - likewise
    from engagement_cli.cli.result import Result  # noqa: PLC0415 - likewise
    from engagement_cli.cli.watch import Terminal  # noqa: PLC0415 - likewise
    from engagement_cli.export import export as exported  # noqa: PLC0415 - likewise
    from engagement_cli.state.generation import reading  # noqa: PLC0415 - likewise

    result = Result(outputs_of(asked, lock_timeout), summary_file)
    request = request_of(inputs=(), max_rejects="100%", **asked)
    result.check(state=state_folder)
    result.prepare(request)
    terminal = Terminal(None, quiet=quiet, verbose=verbose)
    with result.by_day(request.view) as writer:
        with reading(state_folder, request.reading.threads) as state:
            outcome = exported(request, state, emit=writer.write if writer else None)
        try:
            result.deliver(request, outcome, terminal, writer)
        finally:
            state.settle()
