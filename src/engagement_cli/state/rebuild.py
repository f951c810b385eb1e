"""The manifest made anew when it is lost, damaged or names what is damaged; only when asked."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from engagement_cli import durable
from engagement_cli.errors import NewerStateError, StateError
from engagement_cli.sources.discover import shown
from engagement_cli.state import device_sets, layout, lock, manifest, partials, writer
from engagement_cli.state.generation import Generation
from engagement_cli.state.manifest import Manifest, StoredFile, StoredPartial

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Rebuilt(NamedTuple):
    """What a rebuild gives.

    Attributes:
        manifest: The new manifest.
        left_out: What is wrong with each partial that was left out.
    """

    manifest: Manifest
    left_out: Sequence[str]


class _Fault(NamedTuple):
    """A file that is damaged, and what is wrong with it."""

    path: Path
    told: str


class _Told(NamedTuple):
    """What a partial says of itself, and for which generation it was written."""

    generation: int
    file: StoredFile
    record: StoredPartial


def rebuild(folder: Path, timeout: float, *, skip_damaged: bool = False) -> Rebuilt:
    """Make the manifest anew.

    One that can be read is kept as it is, once every partial that it names was read. Otherwise the
    footers of the partials tell: of several of one name or one content the one stored last counts,
    other names of the same bytes are forgotten, and each log is read once more when it is ingested
    again.

    Args:
        folder: The state.
        timeout: Seconds to wait for another writer to end.
        skip_damaged: Whether to leave out what is damaged and move it aside, or to refuse.

    Raises:
        ConflictError: Another writer did not end in time.
        StateError: There is no state, it is of a newer format, or a partial is damaged; the message
            gives each.
        OutputError: The manifest cannot be written; the old one still stands.
    """
    layout.refuse_strangers(folder)
    layout.refuse_no_state(folder)
    with lock.writing_alone(folder, timeout):
        current = _readable(folder)
        if current:
            layout.refuse_older_manifest(folder, current)
        rebuilt, faults = _whole_of(folder, current) if current else _told_by_partials(folder)
        rebuilt, of_devices = _without_damaged_devices(folder, rebuilt)
        faults += of_devices
        if faults and not skip_damaged:
            raise StateError("\n".join([*(fault.told for fault in faults), _way_out(folder)]))
        with durable.told(str(folder)):
            manifest.write(folder / layout.MANIFEST, rebuilt)
            _put_aside(folder, faults)
        writer.take_over(folder, rebuilt)
    return Rebuilt(rebuilt, [fault.told for fault in faults])


def _readable(folder: Path) -> Manifest | None:
    """The manifest that stands, if it can be read.

    Raises:
        NewerStateError: It is of a newer format.
    """
    try:
        return manifest.read(folder / layout.MANIFEST)
    except NewerStateError:
        raise
    except StateError:
        return None


def _whole_of(folder: Path, current: Manifest) -> tuple[Manifest, list[_Fault]]:
    """What of a manifest is whole, and what is not."""
    damaged = Generation(folder, current, threads=1)
    faults = damaged.damaged(damaged.decoded)
    files = {name: file for name, file in current.files.items() if file.content not in faults}
    return current.following(files), [
        _Fault(folder / layout.PARTIALS / current.partials[content].partial, error.what)
        for content, error in faults.items()
    ]


def _without_damaged_devices(folder: Path, told: Manifest) -> tuple[Manifest, list[_Fault]]:
    """A manifest without the devices that are missing or damaged; sums stay without them."""
    damaged = device_sets.damaged(Generation(folder, told, threads=1))
    stored, faults = dict(told.partials), []
    for content, error in damaged.items():
        devices = stored[content].devices
        assert devices is not None
        faults.append(_Fault(folder / layout.DEVICES / devices.file, error.what))
        stored[content] = replace(stored[content], devices=None)
    return replace(told, partials=stored), faults


def _told_by_partials(folder: Path) -> tuple[Manifest, list[_Fault]]:
    """What the partials say, and those that cannot be believed."""
    found: list[_Told] = []
    faults = []
    for path in layout.partial_files(folder):
        try:
            found.append(_told(path))
        except NewerStateError:
            raise
        except StateError as error:
            faults.append(_Fault(path, f"{error}{_guess(path)}"))
    found.sort(key=lambda told: (told.generation, told.record.ingested))
    last = {told.file.content: told for told in found}
    in_order = [told for told in found if last[told.file.content] is told]
    files = {told.file.name: told.file for told in in_order}
    newest = max((told.generation for told in found), default=0)
    generation = max(newest, lock.newest(folder))
    return Manifest(generation).following(files, (told.record for told in in_order)), faults


def _told(path: Path) -> _Told:
    """What a partial says of itself.

    Raises:
        NewerStateError: It is of a newer format.
        StateError: It is damaged.
    """
    manifest.refuse_newer(path, partials.footer(path).get("format"))
    decoded = partials.read(path, partials.hash_in_name(path))
    footer = decoded.footer
    try:
        day = date.fromisoformat(footer["day"]) if footer["day"] else None
        file = StoredFile(footer["name"], day, footer["content"], look=None)
        record = writer.record(path.name, decoded.size, decoded.sha256, footer)
        return _Told(partials.generation(footer), file, record)
    except (KeyError, ValueError, TypeError) as error:
        raise StateError(f"{path}: no partial of this program.") from error


def _guess(path: Path) -> str:
    """Which log a damaged partial probably holds, as far as its footer can be read."""
    name = partials.footer(path).get("name")
    return f" It was of {shown(name)}." if isinstance(name, str) else ""


def _way_out(folder: Path) -> str:
    return (
        "The manifest was not made anew. Restore the whole folder from a backup; or leave what is "
        "damaged out, and ingest its logs again: "
        f"engagement state rebuild {shlex.quote(str(folder))} --skip-damaged"
    )


def _put_aside(folder: Path, faults: Sequence[_Fault]) -> None:
    """Move what is damaged out of the way, for whoever can still use it."""
    aside = folder / layout.DAMAGED
    for path in (fault.path for fault in faults if fault.path.exists()):
        aside.mkdir(layout.FOLDER_MODE, exist_ok=True)
        path.replace(aside / path.name)
