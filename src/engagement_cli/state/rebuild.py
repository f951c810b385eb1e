"""The manifest made anew from the partials, when the old one is lost and only when asked."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from engagement_cli import durable
from engagement_cli.errors import StateError
from engagement_cli.state import layout, lock, manifest, partials, writer
from engagement_cli.state.manifest import Manifest, StoredFile, StoredPartial

if TYPE_CHECKING:
    from pathlib import Path


def rebuild(folder: Path, timeout: float) -> Manifest:
    """Make the manifest anew from what the footers of the partials say.

    Of several partials of one name or one content the one ingested last counts. Other names of the
    same bytes are forgotten, and each log is read once more when it is ingested again.

    Raises:
        ConflictError: Another writer did not end in time.
        StateError: There is no state, or a partial is damaged; the message gives each.
        OutputError: The manifest cannot be written; the old one still stands.
    """
    layout.refuse_strangers(folder)
    layout.refuse_no_state(folder)
    with lock.writing_alone(folder, timeout):
        files: dict[str, StoredFile] = {}
        stored: dict[str, StoredPartial] = {}
        for file, record in sorted(_all_told(folder), key=lambda told: told[1].ingested):
            files[file.name] = file
            stored[file.content] = record
        rebuilt = Manifest(_generation(folder)).following(files, stored.values())
        with durable.told(str(folder)):
            manifest.write(folder / layout.MANIFEST, rebuilt)
        layout.clear(folder, rebuilt)
    return rebuilt


def _all_told(folder: Path) -> list[tuple[StoredFile, StoredPartial]]:
    told, faults = [], []
    for path in layout.partial_files(folder):
        try:
            told.append(_told(path))
        except StateError as error:
            faults.append(str(error))
    if faults:
        raise StateError("\n".join(faults))
    return told


def _told(path: Path) -> tuple[StoredFile, StoredPartial]:
    """What a partial says of itself."""
    decoded = partials.read(path, partials.hash_in_name(path))
    footer = decoded.footer
    try:
        day = date.fromisoformat(footer["day"]) if footer["day"] else None
        file = StoredFile(footer["name"], day, footer["content"], look=None)
        return file, writer.record(path.name, decoded.size, decoded.sha256, footer)
    except (KeyError, ValueError, TypeError) as error:
        raise StateError(f"{path}: no partial of this program. {partials.ADVICE}") from error


def _generation(folder: Path) -> int:
    """The generation that stands, if it can be read."""
    try:
        return manifest.read(folder / layout.MANIFEST).generation
    except StateError:
        return 0
