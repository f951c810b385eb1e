"""``engagement state``: what is stored, and whether it is whole."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engagement_cli.cli import options
from engagement_cli.cli.columns import aligned
from engagement_cli.errors import StateError
from engagement_cli.sources.discover import shown

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from engagement_cli.state.generation import Generation
    from engagement_cli.state.manifest import StoredFile, StoredPartial

_COLUMNS = ("day", "lines", "rejected", "contracts", "seconds", "bytes", "ingested", "name")


@click.group()
def state() -> None:
    """List, check and mend what is stored."""


@state.command("list")
@options.state_argument
@options.json_option
def list_(folder: Path, as_json: bool) -> None:
    """List the files in STATE by day; a day without one shows as missing.

    \b
      engagement state list STATE
      engagement state list STATE --json | jq -r '.missing_days[]'

    bytes is the size of the log that was read.
    """
    with _opened(folder) as stored:
        files = [_record(stored, file) for file in stored.files()]
        missing = [str(day) for day in stored.missing_days()]
        told = {"generation": stored.manifest.generation, "files": files, "missing_days": missing}
    if as_json:
        _print_json(told)
        return
    rows = [[_text(record[column]) for column in _COLUMNS] for record in files]
    rows += [[day, *[None] * (len(_COLUMNS) - 2), "missing"] for day in missing]
    rows.sort(key=lambda row: (row[0] is not None, row[0]))
    click.echo("\n".join(aligned([_COLUMNS, *rows])))


@state.command()
@options.state_argument
@click.argument("which", metavar="[DAY|FILE]...", nargs=-1)
@options.json_option
def show(folder: Path, which: tuple[str, ...], as_json: bool) -> None:
    """Show all that is known of STATE, or of days or files in it.

    \b
      engagement state show STATE
      engagement state show STATE 2022-04-01
      engagement state show STATE logs/20220401.json --json
    """
    folder, which = _default_folder(folder, which)
    with _opened(folder) as stored:
        told = (
            [_record(stored, file) for file in stored.named(which)] if which else [_whole(stored)]
        )
    if as_json:
        _print_json(told if which else told[0])
        return
    for record in told:
        click.echo("\n".join(aligned([(name, _text(fact)) for name, fact in record.items()])))
        click.echo()


@state.command()
@options.state_argument
@options.json_option
def verify(folder: Path, as_json: bool) -> None:
    """Read every byte of STATE and hold it to its checksums.

    \b
      engagement state verify STATE
      engagement state verify STATE --json

    The exit status is 1 when there is damage; each damaged file is named.
    """
    from engagement_cli.state import device_sets  # noqa: PLC0415 - pyarrow, only for work

    with _opened(folder) as stored:
        faults = [*stored.faults(), *device_sets.faults(stored)]
        partials = stored.manifest.partials.values()
        size = sum(map(_bytes_of, partials))
    if as_json:
        _print_json({"partials": len(partials), "bytes": size, "faults": faults})
    if faults:
        raise StateError("\n".join(faults))
    if not as_json:
        click.echo(f"{folder}: {len(partials)} partials, {size:,} bytes, no damage")


@state.command(cls=options.Command)
@options.state_argument
@click.argument("which", metavar="DAY|FILE...", nargs=-1)
@options.lock_timeout_option
@options.json_option
def remove(folder: Path, which: tuple[str, ...], lock_timeout: float | None, as_json: bool) -> None:
    """Take days or files out of STATE.

    \b
      engagement state remove STATE 2022-04-01
      engagement state remove STATE logs/20220401.json
      engagement state remove STATE 2022-04-01-0f1b1aff0c0fffbb.parquet

    The file of a partial stands for every log that it holds. A log that is
    still where it was is stored again by the next ingest of it.
    """
    folder, which = _default_folder(folder, which)
    if not which:
        raise click.UsageError("Missing argument 'DAY|FILE...'.", click.get_current_context())
    from engagement_cli.state.writer import writing  # noqa: PLC0415 - pyarrow, only for work

    with _opened(folder):
        pass  # there must be a state, or one would be made
    with writing(folder, lock_timeout or 0.0, threads=1, whole=False) as stored:
        names = [file.name for file in stored.named(which)]
        stored.remove(names)
        removed = [shown(name) for name in names]
        told = {"generation": stored.manifest.generation, "removed": removed}
    if as_json:
        _print_json(told)
    else:
        click.echo("\n".join(f"removed {name}" for name in removed))


@state.command(cls=options.Command)
@options.state_argument
@options.skip_damaged_option
@options.lock_timeout_option
@options.json_option
def rebuild(folder: Path, skip_damaged: bool, lock_timeout: float | None, as_json: bool) -> None:
    """Make the manifest of STATE anew from its partials.

    \b
      engagement state rebuild STATE
      engagement state rebuild STATE --skip-damaged

    For when the manifest is lost or damaged. Each log is read once more by the
    next ingest of it; a second name of the same bytes is learned again then. A
    manifest that can be read is kept as it is, once all it names was read.

    Damaged partials are refused, or left out where you say so: each is named,
    and moved to STATE/damaged. Ingest their logs again.
    """
    from engagement_cli.state.layout import DAMAGED  # noqa: PLC0415 - pyarrow, only for work
    from engagement_cli.state.rebuild import rebuild as rebuilt  # noqa: PLC0415 - likewise

    manifest, left_out = rebuilt(folder, lock_timeout or 0.0, skip_damaged=skip_damaged)
    if as_json:
        files = sorted(map(shown, manifest.files))
        told = {"generation": manifest.generation, "files": files, "left_out": left_out}
        _print_json(told)
        return
    for fault in left_out:
        click.echo(f"left out, and moved to {folder / DAMAGED}: {fault}")
    click.echo(f"{folder}: {len(manifest.files)} files; check them with engagement state list")


def _default_folder(folder: Path, which: tuple[str, ...]) -> tuple[Path, tuple[str, ...]]:
    """The state and what is asked of it, where the environment may name the state.

    What is no folder is then the first day or file.
    """
    default = os.environ.get(options.STATE_VARIABLE)
    if default and not folder.is_dir():
        return Path(default), (str(folder), *which)
    return folder, which


def _opened(folder: Path) -> AbstractContextManager[Generation]:
    from engagement_cli.state.generation import reading  # noqa: PLC0415 - pyarrow, only for work

    return reading(folder, threads=1)


def _record(stored: Generation, file: StoredFile) -> dict[str, Any]:
    """What is known of a file."""
    of = stored.manifest.partials[file.content]
    return {
        "name": shown(file.name),
        "day": str(file.day) if file.day else None,
        "bytes": of.source_bytes,
        "lines": of.tally.lines,
        "valid": of.tally.valid,
        "rejected": of.tally.rejects,
        "blank": of.tally.blank,
        "over_86400": of.tally.over_day,
        "rejected_by_reason": dict(sorted(of.tally.rejected.items())),
        "contracts": of.contracts,
        "seconds": of.seconds,
        "groups": of.groups,
        "content": file.content,
        "partial": of.partial,
        "partial_bytes": of.partial_bytes,
        "rules": of.rules,
        "tool": of.tool,
        "ingested": of.ingested,
        "devices": of.devices.file if of.devices else None,
        "devices_bytes": of.devices.bytes if of.devices else None,
    }


def _whole(stored: Generation) -> dict[str, Any]:
    """What is known of a state."""
    files, partials = stored.manifest.files.values(), stored.manifest.partials.values()
    days = sorted({file.day for file in files if file.day})
    return {
        "folder": str(stored.folder),
        "generation": stored.manifest.generation,
        "files": len(files),
        "partials": len(partials),
        "days": len(days),
        "first_day": str(days[0]) if days else None,
        "last_day": str(days[-1]) if days else None,
        "missing_days": [str(day) for day in stored.missing_days()],
        "lines": sum(of.tally.lines for of in partials),
        "rejected": sum(of.tally.rejects for of in partials),
        "seconds": sum(of.seconds for of in partials),
        "bytes_read": sum(of.source_bytes for of in partials),
        "bytes_stored": sum(map(_bytes_of, partials)),
        "files_with_devices": sum(of.devices is not None for of in partials),
    }


def _bytes_of(stored: StoredPartial) -> int:
    """How long all is that is stored of a content."""
    return stored.partial_bytes + (stored.devices.bytes if stored.devices else 0)


def _text(fact: object) -> str | None:
    """A fact as one word of a line."""
    if isinstance(fact, int):
        return f"{fact:,}"
    if isinstance(fact, dict):
        return ", ".join(f"{count:,} {reason}" for reason, count in fact.items()) or None
    if isinstance(fact, list):
        return ", ".join(map(str, fact)) or None
    return None if fact is None else str(fact)


def _print_json(told: object) -> None:
    click.echo(json.dumps(told, ensure_ascii=False, indent=2))
