"""``engagement run``: the main job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from engagement_cli.cli import options, render
from engagement_cli.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from engagement_cli.cli.result import Result
    from engagement_cli.cli.watch import Terminal
    from engagement_cli.planning import Request


@click.command(cls=options.Command)
@options.input_option
@options.range_options
@options.date_option
@options.shape_option
@options.categories_option
@options.unmapped_option
@options.view_options
@options.figures_options
@options.quality_options
@options.dedupe_option
@options.output_options
@options.summary_option
@options.dry_run_option
@options.table_options
@options.state_option(required=False)
@options.devices_option
@options.strategy_option
@options.reading_options
@options.lock_timeout_option
@options.verbosity_options
def run(
    *,
    summary_file: str | None,
    dry_run: bool,
    state_folder: Path | None,
    lock_timeout: float | None,
    rejects_file: str | None,
    quiet: bool,
    verbose: bool,
    **asked: Any,
) -> None:
    """Read logs and write one row a contract.

    \b
    Examples:
      engagement run -i logs/ -o out.csv
      engagement run -i 'logs/202204*.json.gz' -o april.parquet --jobs 2
      engagement run -i logs/ -o - --since 2022-04-01 --until 2022-04-07 | head
      zcat day.json.gz | engagement run -i - --date 2022-04-01 -o day.csv
      engagement run -i logs/ --state STATE -o out.csv
      engagement run -i logs/ -o postgresql://etl@warehouse/tv --table daily.engagement
      engagement run -i logs/ -o out.csv --max-rejects 0.01% --rejects bad.ndjson
      engagement run -i logs/ -o out.csv --features all --labels label

    The output is put in place only when the whole input was read and no limit
    was exceeded. The account of every line goes to standard error.

    With --state only files that are new or changed are read, and the output is
    over all that is stored of the asked days, whether its log is still there or
    not.
    """
    from engagement_cli.cli.output import outputs_of  # noqa: PLC0415 - NumPy, only for work
    from engagement_cli.cli.request import request_of  # noqa: PLC0415 - likewise
    from engagement_cli.cli.result import Result  # noqa: PLC0415 - likewise
    from engagement_cli.cli.watch import Terminal  # noqa: PLC0415 - likewise

    result = Result(outputs_of(asked, lock_timeout), summary_file)
    request = request_of(apart=state_folder, **asked)
    terminal = Terminal(rejects_file, quiet=quiet, verbose=verbose)
    if request.devices and not state_folder:
        raise UsageError(
            "--devices says what a state keeps. Name one with --state, or leave --devices out: "
            "--features devices does without it there."
        )
    if state_folder and request.dedupe:
        raise UsageError(
            "--dedupe-id needs all files of a day at once, and a state keeps no _id. "
            "Leave out --state, or --dedupe-id."
        )
    if state_folder:
        from engagement_cli.cli import stored  # noqa: PLC0415 - likewise

        if not dry_run:
            result.prepare(request)
        place = stored.Place(state_folder, lock_timeout or 0.0)
        stored.run(request, place, result, terminal, dry_run=dry_run)
    else:
        _run(request, result, terminal, dry_run=dry_run)


def _run(request: Request, result: Result, terminal: Terminal, *, dry_run: bool) -> None:
    """Compute the result from the logs alone."""
    from engagement_cli import pipeline, planning  # noqa: PLC0415 - NumPy, only when there is work

    planned = planning.plan(request)
    result.check(terminal.targets, [source.name for source in planned.sources])
    if dry_run:
        click.echo("\n".join(render.plan(planned)), err=True)
        click.echo(result.plan(pipeline.empty(request, planned)), err=True)
        return
    result.prepare(request, planned)
    with result.by_day(request.view) as writer:
        with terminal:
            outcome = pipeline.run(request, planned, terminal, writer.write if writer else None)
        result.deliver(request, outcome, terminal, writer)
