"""The devices that a state holds of a range of days, and what it lacks or has lost of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from engagement_cli.devices import Devices
from engagement_cli.errors import DamageError, StateError, UsageError
from engagement_cli.ordered import ordered
from engagement_cli.sources.discover import shown
from engagement_cli.state import device_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from engagement_cli.state.generation import Counted, Generation
    from engagement_cli.state.manifest import StoredDevices, StoredPartial

_MOST_NAMED = 10


def require(state: Generation, counted: Counted) -> None:
    """Refuse to count devices where they were not kept, or where a look shows that some are lost.

    Raises:
        UsageError: Files were stored without them; the message says which, and what to do.
        StateError: Some are missing or damaged, or were hashed with several keys.
    """
    lacking = [file for file, stored in counted.files if stored.devices is None]
    if lacking:
        named = list(dict.fromkeys(str(file.day or shown(file.name)) for file in lacking))
        more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
        raise UsageError(
            f"{state.folder}: no devices are stored of {', '.join(named[:_MOST_NAMED])}{more}. "
            "Leave the feature devices out of --features, and name the others; or ingest these "
            f"logs again: engagement ingest -i LOGS --state {state.quoted} --devices"
        )
    for _, stored in counted.files:
        _look(state, stored)
    if len(_marks(stored for _, stored in counted.files)) > 1:
        raise StateError(
            f"{state.folder}: its devices were hashed with several keys. Nothing was counted. "
            "Restore the whole folder from a backup."
        )


def of(state: Generation, files: Iterable[StoredPartial]) -> Devices:
    """The devices of stored files, hashed.

    Raises:
        StateError: Some are missing or damaged.
    """
    return Devices.union(ordered((partial(_read, state, one) for one in files), state.threads))


def damaged(state: Generation) -> dict[str, DamageError]:
    """What is wrong with files of devices, by the content that each is of, after all were read."""
    found = {}
    for stored in state.manifest.partials.values():
        try:
            if stored.devices:
                _read(state, stored)
        except DamageError as error:
            found[stored.content] = error
    return found


def faults(state: Generation) -> list[str]:
    """Every damage to devices that there is, that to their key too."""
    told = sorted(str(error) for error in damaged(state).values())
    if marks := _marks(state.manifest.partials.values()):
        try:
            device_files.key(state.folder, marks)
        except StateError as error:
            told.append(str(error))
    return told


def key_of(state: Generation) -> bytes:
    """The key of a state, made if it holds no devices yet.

    Raises:
        StateError: It is not the one that devices were hashed with, or is missing.
        OSError: It cannot be written.
    """
    marks = _marks(state.manifest.partials.values())
    if not marks:
        device_files.make_key(state.folder)
    return device_files.key(state.folder, marks)


def _marks(stored: Iterable[StoredPartial]) -> set[str]:
    return {one.devices.key for one in stored if one.devices}


def _read(state: Generation, stored: StoredPartial) -> Devices:
    return _held(state, stored, lambda devices: device_files.read(state.folder, devices))


def _look(state: Generation, stored: StoredPartial) -> None:
    def look(devices: StoredDevices) -> Devices:
        if fault := device_files.fault_of_a_look(state.folder, devices):
            raise StateError(fault)
        return Devices.empty()

    _held(state, stored, look)


def _held(
    state: Generation, stored: StoredPartial, read: Callable[[StoredDevices], Devices]
) -> Devices:
    """What is read of the devices of a content; what is wrong with them is told with a way out.

    Raises:
        DamageError: They are missing or damaged.
    """
    assert stored.devices is not None
    try:
        return read(stored.devices)
    except StateError as error:
        raise DamageError(
            f"{error} It holds the devices of {state.logs_of(stored.content)}.",
            "Restore the whole folder from a backup; or do without devices; or take this out and "
            "ingest the log again with --devices: "
            f"engagement state remove {state.quoted} {stored.partial}",
        ) from error
