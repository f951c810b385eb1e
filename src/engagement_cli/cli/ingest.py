"""``engagement ingest``: logs into stored state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from engagement_cli.cli import options

if TYPE_CHECKING:
    from pathlib import Path


@click.command(cls=options.Command)
@options.input_option
@options.range_options
@options.date_option
@options.shape_option
@options.state_option()
@options.devices_option
@options.lock_timeout_option
@options.rejects_options
@options.summary_option
@options.dry_run_option
@options.reading_options
@options.verbosity_options
def ingest(
    *,
    state_folder: Path,
    lock_timeout: float | None,
    rejects_file: str | None,
    summary_file: str | None,
    dry_run: bool,
    quiet: bool,
    verbose: bool,
    **asked: Any,
) -> None:
    """Store what logs hold, each file on its own, so that none is read twice.

    \b
    Examples:
      engagement ingest -i logs/ --state STATE
      engagement ingest -i logs/20220401.json --state STATE --max-rejects 100
      engagement ingest -i logs/ --state STATE --devices
      engagement ingest -i logs/ --state STATE --dry-run

    A file that is stored and looks as it did is not read. One whose bytes
    changed takes the place of what was stored under its name. One over the
    limit of rejects is not stored; the others are, and the exit status is 3.

    With --devices, a file that is stored without its devices is read once more.
    """
    from engagement_cli.cli import stored  # noqa: PLC0415 - NumPy, only when there is work
    from engagement_cli.cli.request import request_of  # noqa: PLC0415 - likewise
    from engagement_cli.cli.result import write_json  # noqa: PLC0415 - likewise
    from engagement_cli.cli.watch import Terminal  # noqa: PLC0415 - likewise
    from engagement_cli.files import check_targets  # noqa: PLC0415 - likewise
    from engagement_cli.planning import find  # noqa: PLC0415 - likewise

    request = request_of(table_file=None, apart=state_folder, **asked)
    place = stored.Place(state_folder, lock_timeout or 0.0)
    terminal = Terminal(rejects_file, quiet=quiet, verbose=verbose)
    found = find(request)
    targets = [*terminal.targets, *([summary_file] if summary_file else [])]
    check_targets(targets, [source.name for source in found.sources], state_folder)
    if dry_run:
        stored.show_plan(request, found, state_folder)
        return
    with stored.interruptible(found) as done:
        with stored.ingesting(request, found, place, terminal, done) as (_, told):
            pass
        if summary_file:
            write_json(summary_file, told)
        done.judge()
