"""What stands where in the folder of a state, and what of it is rubbish."""

from __future__ import annotations

import re
import shlex
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from engagement_cli.durable import clear_left_over, sync_folder
from engagement_cli.errors import StateError
from engagement_cli.state import lock, manifest, partials
from engagement_cli.state.manifest import Manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MANIFEST = "manifest.json"
PARTIALS = "partials"
SUMS = "sums"
DEVICES = "devices"
DEVICES_KEY = "devices.key"
DAMAGED = "damaged"
"""Where a rebuild that is told to leaves out damaged partials puts them."""
_OWN = {MANIFEST, PARTIALS, SUMS, DEVICES, DEVICES_KEY, DAMAGED, lock.WRITER, lock.READERS}
_OF_THE_DISK = {"lost+found"}
UNDATED = "undated"
_PARTIAL = re.compile(rf"(\d{{4}}-\d\d-\d\d|{UNDATED})-[0-9a-f]{{16}}\.parquet")
FOLDER_MODE = 0o700
_OF_OTHERS = 0o077


def refuse_strangers(folder: Path) -> None:
    """Refuse a folder that holds what no state holds; names that begin with a dot do not matter.

    Raises:
        StateError: It does, or it is no folder.
    """
    if folder.exists() and not folder.is_dir():
        raise StateError(f"{folder}: is a file, and a state is a folder. Name another place.")
    strangers = [path for path in _listed(folder) if path.name not in _OWN | _OF_THE_DISK]
    for place in (folder / PARTIALS, folder / DEVICES):
        strangers += [path for path in _listed(place) if not _PARTIAL.fullmatch(path.name)]
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
    if not is_begun(folder):
        raise StateError(
            f"{folder}: there is no state. "
            f"Make one: engagement ingest -i PATH --state {shlex.quote(str(folder))}"
        )


def is_begun(folder: Path) -> bool:
    """Whether a state was begun in a folder."""
    return (folder / MANIFEST).exists() or any(partial_files(folder))


def make_folders(folder: Path) -> None:
    """Make the folders of a state, as far as they are not there; private, whatever the umask.

    Raises:
        OSError: They cannot be made.
    """
    new = not (folder / MANIFEST).exists()
    for made in (folder, folder / PARTIALS, folder / SUMS):
        if new or not made.is_dir():
            _make_private_folder(made)
    if new:
        sync_folder(folder)
        sync_folder(folder.parent)


def make_folder_of_devices(folder: Path) -> None:
    """Make the folder of devices, which only those states have that keep some.

    Raises:
        OSError: It cannot be made.
    """
    if not (folder / DEVICES).is_dir():
        _make_private_folder(folder / DEVICES)
        sync_folder(folder)


def _make_private_folder(folder: Path) -> None:
    folder.mkdir(FOLDER_MODE, exist_ok=True)
    folder.chmod(FOLDER_MODE)


def make_private(folder: Path) -> None:
    """Take from others what rights they have, such as a copy may have given them.

    Where that cannot be done, the files are somebody else's, or the disk is read-only.
    """
    for place in (folder, folder / PARTIALS, folder / SUMS, folder / DEVICES):
        for path in (place, *_listed(place)):
            with suppress(OSError):
                mode = stat.S_IMODE(path.lstat().st_mode)
                if mode & _OF_OTHERS and path.name not in _OF_THE_DISK:
                    path.chmod(mode & ~_OF_OTHERS)


def begin(folder: Path) -> None:
    """Make the manifest of a state that holds nothing.

    Raises:
        StateError: There are partials, so that a manifest must have been there.
        OSError: It cannot be written.
    """
    if any(partial_files(folder)):
        raise StateError(
            f"{folder / MANIFEST}: is missing, and there are partials. "
            f"{manifest.how_to_mend(folder / MANIFEST)}"
        )
    manifest.write(folder / MANIFEST, Manifest())


def partial_files(folder: Path) -> Iterator[Path]:
    """The files in the folder of partials, whether a manifest names them or not."""
    return (path for path in sorted(_listed(folder / PARTIALS)) if _PARTIAL.fullmatch(path.name))


def clear(folder: Path, current: Manifest) -> None:
    """Delete what an interrupted writer left, and partials no longer needed if nobody reads.

    Devices go after the partials that name them. What cannot be deleted is harmless and left to the
    next writer.
    """
    for place in (folder, folder / PARTIALS, folder / SUMS, folder / DEVICES):
        clear_left_over(place)
    with suppress(OSError), lock.nobody_reading(folder) as alone:
        rubbish = [*_unneeded(folder, current), *_unneeded_devices(folder, current)]
        for path in rubbish if alone else ():
            with suppress(OSError):
                path.unlink()


def refuse_older_manifest(folder: Path, current: Manifest) -> None:
    """Refuse a manifest from before what stands beside it, such as one out of a backup.

    A run that is stopped leaves at most what the next generation would have held. What is of a
    later one, or of one that a writer noted, was stored, and must not be cleared as rubbish.

    Raises:
        StateError: It is from before.
    """
    newest = max(lock.newest(folder), current.generation)
    stored = range(current.generation + 1, newest + 1)
    newer = [
        path.name
        for path in _unneeded(folder, current)
        if (generation := partials.generation(partials.footer(path))) in stored
        or generation > current.generation + 1
    ]
    if newer:
        raise StateError(
            f"{folder / MANIFEST}: is older than what stands beside it: {', '.join(newer[:10])}. "
            "Nothing was changed. Restore the whole folder from a backup, never this file alone; "
            "or move this file away and make it anew from all partials: "
            f"engagement state rebuild {shlex.quote(str(folder))}"
        )


def _unneeded(folder: Path, current: Manifest) -> list[Path]:
    """The files of partials that a manifest does not name."""
    needed = {stored.partial for stored in current.partials.values()}
    return [path for path in partial_files(folder) if path.name not in needed]


def _unneeded_devices(folder: Path, current: Manifest) -> list[Path]:
    """The files of devices that a manifest does not name."""
    needed = {of.devices.file for of in current.partials.values() if of.devices}
    return [path for path in sorted(_listed(folder / DEVICES)) if path.name not in needed]


def _listed(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [path for path in folder.iterdir() if not path.name.startswith(".")]
