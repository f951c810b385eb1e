"""What stands where in the folder of a state, and what of it is rubbish."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from engagement_cli.durable import clear_left_over, sync_folder
from engagement_cli.errors import StateError
from engagement_cli.state import lock, manifest
from engagement_cli.state.manifest import Manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MANIFEST = "manifest.json"
PARTIALS = "partials"
SUMS = "sums"
_OWN = {MANIFEST, PARTIALS, SUMS, lock.WRITER, lock.READERS}
UNDATED = "undated"
_PARTIAL = re.compile(rf"(\d{{4}}-\d\d-\d\d|{UNDATED})-[0-9a-f]{{16}}\.parquet")
_FOLDER_MODE = 0o700


def refuse_strangers(folder: Path) -> None:
    """Refuse a folder that holds what no state holds; names that begin with a dot do not matter.

    Raises:
        StateError: It does, or it is no folder.
    """
    if folder.exists() and not folder.is_dir():
        raise StateError(f"{folder}: is a file, and a state is a folder. Name another place.")
    strangers = [path for path in _listed(folder) if path.name not in _OWN]
    strangers += [p for p in _listed(folder / PARTIALS) if not _PARTIAL.fullmatch(p.name)]
    if strangers:
        names = ", ".join(str(path.relative_to(folder)) for path in sorted(strangers)[:10])
        raise StateError(
            f"{folder}: holds what no state holds: {names}. Nothing was summed. "
            "Move that away, or name another folder."
        )


def refuse_no_state(folder: Path) -> None:
    """Refuse a folder in which no state was begun.

    Raises:
        StateError: None was.
    """
    if not (folder / MANIFEST).exists() and not any(partial_files(folder)):
        raise StateError(
            f"{folder}: there is no state. Make one: engagement ingest -i PATH --state {folder}"
        )


def make_folders(folder: Path) -> None:
    """Make the folders of a state, as far as they are not there; private, whatever the umask.

    Raises:
        OSError: They cannot be made.
    """
    new = not (folder / MANIFEST).exists()
    for made in (folder, folder / PARTIALS, folder / SUMS):
        if new or not made.is_dir():
            made.mkdir(_FOLDER_MODE, exist_ok=True)
            made.chmod(_FOLDER_MODE)
    if new:
        sync_folder(folder)
        sync_folder(folder.parent)


def begin(folder: Path) -> None:
    """Make the manifest of a state that holds nothing.

    Raises:
        StateError: There are partials, so that a manifest must have been there.
        OSError: It cannot be written.
    """
    if any(partial_files(folder)):
        raise StateError(
            f"{folder / MANIFEST}: is missing, and there are partials. Nothing was summed. Restore "
            "it from a backup, or make it anew from the partials: engagement state rebuild STATE."
        )
    manifest.write(folder / MANIFEST, Manifest())


def partial_files(folder: Path) -> Iterator[Path]:
    """The files in the folder of partials, whether a manifest names them or not."""
    return (path for path in sorted(_listed(folder / PARTIALS)) if _PARTIAL.fullmatch(path.name))


def clear(folder: Path, current: Manifest) -> None:
    """Delete what an interrupted writer left, and partials no longer needed if nobody reads.

    What cannot be deleted is harmless and left to the next writer.
    """
    for place in (folder, folder / PARTIALS, folder / SUMS):
        clear_left_over(place)
    needed = {stored.partial for stored in current.partials.values()}
    with lock.nobody_reading(folder) as alone, suppress(OSError):
        if alone:
            for path in partial_files(folder):
                if path.name not in needed:
                    path.unlink()


def _listed(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [path for path in folder.iterdir() if not path.name.startswith(".")]
