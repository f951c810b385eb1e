"""``engagement transform``: the lines themselves, cleaned and with their category."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engagement_cli.cli import options, render
from engagement_cli.files import check_targets

if TYPE_CHECKING:
    from engagement_cli.views import Labels


@click.command(cls=options.Command)
@options.input_option
@options.range_options
@options.date_option
@options.shape_option
@options.categories_option
@options.unmapped_option
@options.labels_option
@options.quality_options
@options.dedupe_option
@options.lines_option
@options.csv_safe_option
@options.summary_option
@options.dry_run_option
@options.reading_options
@options.verbosity_options
def transform(
    *,
    target: str,
    labels: Labels,
    csv_safe: bool,
    summary_file: str | None,
    rejects_file: str | None,
    dry_run: bool,
    quiet: bool,
    verbose: bool,
    **asked: Any,
) -> None:
    """Write the lines themselves, cleaned and with their category.

    \b
    Examples:
      engagement transform -i logs/ -o lines.parquet
      engagement transform -i logs/ -o lines/
      engagement transform -i logs/ -o - --labels label | head

    One row a line that ``engagement run`` would count, in the order of the
    files: Date, Contract, Mac, AppName, Type, TotalDuration. A file or folder
    is put in place only when the whole input was read and no limit was
    exceeded; standard output is written to as the lines come.
    """
    from engagement_cli import pipeline, planning  # noqa: PLC0415 - NumPy, only when there is work
    from engagement_cli.cli.request import request_of  # noqa: PLC0415 - likewise
    from engagement_cli.cli.result import write_json  # noqa: PLC0415 - likewise
    from engagement_cli.cli.watch import Terminal  # noqa: PLC0415 - likewise
    from engagement_cli.sinks import FileSink  # noqa: PLC0415 - likewise
    from engagement_cli.sinks.batches import Batches  # noqa: PLC0415 - likewise
    from engagement_cli.sinks.folder import FolderSink  # noqa: PLC0415 - likewise
    from engagement_cli.transform import Transformation  # noqa: PLC0415 - likewise
    from engagement_cli.views import View  # noqa: PLC0415 - likewise

    request = request_of(csv_safe=csv_safe, view=View(labels=labels), **asked)
    is_folder = target.endswith("/") or Path(target).is_dir()
    sink = FolderSink(target) if is_folder else FileSink(target, csv_safe=csv_safe)
    planned = planning.plan(request)
    terminal = Terminal(rejects_file, quiet=quiet, verbose=verbose)
    others = [*([summary_file] if summary_file else []), *terminal.targets]
    logs = [source.name for source in planned.sources]
    if isinstance(sink, FolderSink):
        planning.require_days(planned)
        sink.check(others, [*request.inputs, *logs])
        check_targets(others, logs)
    else:
        check_targets([*sink.files, *others], logs)
    if dry_run:
        click.echo("\n".join([*render.plan(planned), f"would write {target}"]), err=True)
        return
    with sink.writing() as writer:
        batches = Batches(writer)
        with terminal:
            lines = Transformation(request, planned, terminal)
            for frame in lines:
                batches.write(frame)
        outcome = lines.outcome()
        account = outcome.account
        terminal.show(render.account(account, terminal.first_rejects, verbose=terminal.verbose))
        if summary_file:
            write_json(summary_file, account.as_dict())
        pipeline.judge(request, outcome)
        batches.write(outcome.frame)
        batches.finish(account.as_dict())
    terminal.show([f"wrote      {target}"])
