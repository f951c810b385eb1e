"""The devices that a state holds of a range of days, and what it lacks or has lost of them."""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from engagement_cli.devices import Devices
from engagement_cli.errors import DamageError, StateError, UsageError
from engagement_cli.ordered import ordered
from engagement_cli.sources.discover import shown
from engagement_cli.state import device_files, layout, unions

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Generator, Iterable

    from engagement_cli.state.generation import Counted, Generation
    from engagement_cli.state.manifest import StoredDevices, StoredPartial

T = TypeVar("T")

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
    return Devices.union(_loaded(state, files))


def of_range(state: Generation, counted: Counted) -> Devices:
    """The devices of a range of days, hashed; their union is kept for the next time.

    Raises:
        StateError: Some are missing or damaged.
    """
    files = {stored.devices.file: stored for _, stored in counted.files if stored.devices}
    wanted = {name: _look(state, stored).st_mtime_ns for name, stored in files.items()}
    kept, united = unions.best(state.folder / layout.SUMS, wanted)
    rest = [stored for name, stored in files.items() if name not in united]
    if not rest:
        return kept
    total = Devices.union(chain([kept], _loaded(state, rest)))
    import pyarrow as pa  # noqa: PLC0415 - reading begins without

    pa.default_memory_pool().release_unused()  # sums of as many files are read next
    every = state.manifest.partials.values()
    size = sum(stored.devices.bytes for stored in every if stored.devices)
    state.keep_aside(lambda folder, room: unions.keep(folder, total, wanted, room), size)
    return total


def _loaded(state: Generation, files: Iterable[StoredPartial]) -> Generator[Devices]:
    tasks = (partial(_read, state, one) for one in files)
    return ordered(tasks, state.threads, 1)  # they are large


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


def _look(state: Generation, stored: StoredPartial) -> os.stat_result:
    return _held(state, stored, lambda devices: device_files.looked_at(state.folder, devices))


def _held(state: Generation, stored: StoredPartial, read: Callable[[StoredDevices], T]) -> T:
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
