"""The manifest: which files are stored, and which partial holds what each of them holds.

It is one JSON file, replaced whole, and replacing it is the only way in which a state changes.
Files are known by name and hold a content; a partial belongs to a content. So bytes that stand
under two names are counted once, and stay when one of the two names gets other bytes.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from engagement_cli.durable import misread, replacing
from engagement_cli.errors import NewerStateError, StateError
from engagement_cli.schema import Reason
from engagement_cli.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

FORMAT = 1
"""Raised when a state that is written could be misread by an older version."""
FILE_MODE = 0o600


@dataclass(frozen=True, slots=True)
class Look:
    """What tells, without reading a file, that it is as it was."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @property
    def changed_ns(self) -> int:
        """When the file was last changed, by either clock, in ns."""
        return max(self.mtime_ns, self.ctime_ns)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that was ingested.

    Attributes:
        name: Its absolute path, links to folders followed; for what came through a pipe, ``pipe:``
            and its content.
        day: Its day.
        content: The fingerprint of its bytes.
        look: How it looked; None where the look could not tell a later change.
    """

    name: str
    day: date | None
    content: str
    look: Look | None


@dataclass(frozen=True, slots=True)
class StoredDevices:
    """The devices of a content.

    Attributes:
        file: Their file in the folder of devices.
        bytes: How long that file is.
        sha256: The hash of that file.
        pairs: Its pairs of contract and device.
        key: What tells the key that the devices were hashed with from another.
    """

    file: str
    bytes: int
    sha256: str
    pairs: int
    key: str


@dataclass(frozen=True, slots=True)
class StoredPartial:
    """The partial of a content.

    Attributes:
        content: The fingerprint of the bytes that were summed.
        partial: Its file in the folder of partials.
        partial_bytes: How long that file is.
        sha256: The hash of that file.
        source_bytes: How long the summed file was, as stored.
        tally: What became of its lines.
        groups: Its groups of contract and app.
        contracts: Its distinct contracts.
        seconds: All its seconds.
        rules: The version of the rules that judged its lines.
        tool: The version of the program that wrote it.
        ingested: When, UTC, as ISO 8601.
        devices: The devices that its lines name, if they were asked for.
    """

    content: str
    partial: str
    partial_bytes: int
    sha256: str
    source_bytes: int
    tally: Tally
    groups: int
    contracts: int
    seconds: int
    rules: int
    tool: str
    ingested: str
    devices: StoredDevices | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """A generation of a state.

    Attributes:
        generation: How many times the state was changed before.
        files: The files, by name.
        partials: The partials, by content; each has a file.
    """

    generation: int = 0
    files: Mapping[str, StoredFile] = field(default_factory=dict)
    partials: Mapping[str, StoredPartial] = field(default_factory=dict)

    def following(
        self, files: Mapping[str, StoredFile], partials: Iterable[StoredPartial] = ()
    ) -> Manifest:
        """The next generation: these files, and of old and new partials those that they need."""
        known = {**self.partials, **{partial.content: partial for partial in partials}}
        needed = {file.content: known[file.content] for file in files.values()}
        return replace(self, generation=self.generation + 1, files=files, partials=needed)


def write(path: Path, manifest: Manifest) -> None:
    """Put a manifest in the place of the one before.

    Raises:
        UnconfirmedError: It is in place, and the disk did not confirm that.
        OSError: It cannot be written; the one before still stands.
        OutputError: It does not read back; the one before still stands.
    """
    text = _text(manifest)

    def reads_back(aside: Path) -> None:
        if aside.read_bytes() != text:
            raise misread(path)

    with replacing(path, FILE_MODE, reads_back) as file:
        file.write(text)


def read(path: Path) -> Manifest:
    """Read a manifest and check it.

    Raises:
        NewerStateError: It is of a newer format.
        StateError: It is missing, damaged or foreign.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        fault = f"{path}: cannot be read: {error.strerror}."
        raise StateError(f"{fault} {how_to_mend(path)}") from error
    try:
        told = json.loads(text)
        _refuse_other_formats(path, told)
        manifest = _from_json(told)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise StateError(f"{path}: damaged, or no manifest at all. {how_to_mend(path)}") from error
    if _text(manifest) != text:
        raise StateError(f"{path}: damaged; its checksum does not fit. {how_to_mend(path)}")
    return manifest


def how_to_mend(path: Path) -> str:
    """What to do when a manifest is lost; a manifest alone, from a backup, would not do."""
    return (
        "Nothing was summed. Make it anew from the partials, or restore the whole folder from a "
        f"backup, never this file alone: engagement state rebuild {shlex.quote(str(path.parent))}"
    )


def refuse_newer(path: Path, number: object) -> None:
    """Refuse a format number that a later version has given.

    Raises:
        NewerStateError: It is one.
    """
    if isinstance(number, int) and number > FORMAT:
        raise NewerStateError(
            f"{path}: written by a newer version (format {number}; this one reads {FORMAT}). "
            "Nothing was summed. Use that version, or a newer one."
        )


def _refuse_other_formats(path: Path, told: Any) -> None:
    refuse_newer(path, told["format"])
    if told["format"] != FORMAT:
        raise ValueError(told["format"])


def _text(manifest: Manifest) -> bytes:
    """The manifest as it is stored, the same text for the same manifest.

    Raises:
        ValueError: A number is none that JSON has.
    """
    body = {
        "format": FORMAT,
        "generation": manifest.generation,
        "files": [_plain(asdict(file)) for _, file in sorted(manifest.files.items())],
        "partials": [_plain(asdict(partial)) for _, partial in sorted(manifest.partials.items())],
    }
    checksum = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    return (json.dumps({**body, "checksum": checksum}, indent=1) + "\n").encode()


def _from_json(told: Any) -> Manifest:
    files = [
        StoredFile(
            **{
                **file,
                "day": date.fromisoformat(file["day"]) if file["day"] else None,
                "look": Look(**file["look"]) if file["look"] else None,
            }
        )
        for file in told["files"]
    ]
    partials = [
        StoredPartial(
            **{
                **partial,
                "tally": tally_of(partial["tally"]),
                "devices": devices_of(partial),
            }
        )
        for partial in told["partials"]
    ]
    return Manifest(
        told["generation"],
        {file.name: file for file in files},
        {partial.content: partial for partial in partials},
    )


def tally_of(told: Mapping[str, Any]) -> Tally:
    """A tally as ``asdict`` gave it to JSON."""
    rejected = {Reason(reason): count for reason, count in told["rejected"].items()}
    return Tally(**{**told, "rejected": rejected})


def devices_of(told: Mapping[str, Any]) -> StoredDevices | None:
    """The devices that JSON tells of a partial, if it tells any."""
    return StoredDevices(**told["devices"]) if "devices" in told else None


def _plain(told: dict[str, Any]) -> dict[str, Any]:
    """What ``asdict`` gives, with the day as text, the reasons in order, and no lack of devices."""
    if told.get("devices", told) is None:
        del told["devices"]
    if "day" in told:
        told["day"] = str(told["day"]) if told["day"] else None
    if "tally" in told:
        told["tally"]["rejected"] = dict(sorted(told["tally"]["rejected"].items()))
    return told
