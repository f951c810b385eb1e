"""Devices as Parquet files, one beside each partial that was ingested with them.

They hold pairs of a contract and a keyed hash of a device, ordered by both, and no device in the
clear. The key is made once for each state; without it nobody can try which device a hash is of.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

from engagement_cli import durable
from engagement_cli.contracts import Contracts
from engagement_cli.devices import HASH_BYTES, Devices, packed_hashes, unpacked_hashes
from engagement_cli.errors import StateError
from engagement_cli.schema import CONTRACT
from engagement_cli.state import layout, manifest, partials
from engagement_cli.state.manifest import StoredDevices

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from engagement_cli.state.partials import Encoded

DEVICE = "Device"
_KEY_BYTES = 32
_MARK_BYTES = 8
_ENCODINGS = {CONTRACT: "DELTA_BYTE_ARRAY", DEVICE: "PLAIN"}


def mark(key: bytes) -> str:
    """What tells a key from others, and nothing else of it."""
    return hashlib.blake2b(key=key, digest_size=_MARK_BYTES).hexdigest()


def key(folder: Path, marks: Collection[str]) -> bytes:
    """The key of a state.

    Args:
        folder: The state.
        marks: The marks of the keys that its devices were hashed with.

    Raises:
        StateError: It is not the one that they were hashed with, or is missing.
    """
    path = folder / layout.DEVICES_KEY
    try:
        found = path.read_bytes()
    except OSError as error:
        raise StateError(f"{path}: cannot be read: {error.strerror}. {_LOST_KEY}") from error
    if len(found) != _KEY_BYTES or not {mark(found)}.issuperset(marks):
        raise StateError(f"{path}: not the key of the devices that are stored. {_LOST_KEY}")
    return found


_LOST_KEY = (
    "Restore it from a backup of this state. Without it what is stored can be read, and no devices "
    "can be added: ingest all logs into another state for that."
)


def make_key(folder: Path) -> None:
    """Make the key of a state that holds no devices, if there is none.

    Raises:
        OSError: It cannot be written.
    """
    path = folder / layout.DEVICES_KEY
    if not path.exists() or path.stat().st_size != _KEY_BYTES:
        with durable.replacing(path, manifest.FILE_MODE) as file:
            file.write(os.urandom(_KEY_BYTES))


def encode(devices: Devices, key: bytes, content: str) -> Encoded:
    """The devices that a content names, hashed, as the bytes of a Parquet file."""
    import pyarrow as pa  # noqa: PLC0415 - reading begins without

    hashed = devices.hashed(key)
    column = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(HASH_BYTES), len(hashed), [None, pa.py_buffer(unpacked_hashes(hashed.macs))]
    )
    footer = {
        "format": manifest.FORMAT,
        "content": content,
        "pairs": len(hashed),
        "key": mark(key),
    }
    table = pa.table({CONTRACT: hashed.contracts.strings(), DEVICE: column})
    return partials.encoded(table, footer, use_dictionary=False, column_encoding=_ENCODINGS)


def record(name: str, encoded: Encoded) -> StoredDevices:
    """What the manifest says of a file of devices."""
    pairs, mark = encoded.footer["pairs"], encoded.footer["key"]
    return StoredDevices(name, encoded.data.size, encoded.sha256, pairs, mark)


def read(folder: Path, stored: StoredDevices) -> Devices:
    """Devices, hashed, as a file of a state holds them; every byte of it is checked.

    Raises:
        StateError: It is missing, or is not what was written; the message says only that.
    """
    return decoded(folder / layout.DEVICES / stored.file, stored.sha256)


def read_back(path: Path, written: Encoded) -> None:
    """Make sure that a file holds what was to be written to it.

    Raises:
        StateError: It does not; the message says only that.
    """
    decoded(path, written.sha256)


def decoded(path: Path, sha256: str) -> Devices:
    """The devices that a file of this hash holds.

    Raises:
        StateError: As ``read`` does.
    """
    import pyarrow as pa  # noqa: PLC0415 - reading begins without
    from pyarrow import parquet  # noqa: PLC0415 - reading begins without

    data, _ = partials.checked(path, sha256)
    try:
        file = parquet.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
        table = file.read([CONTRACT, DEVICE]).combine_chunks()
        contracts = partials.only_chunk(table[CONTRACT].cast(pa.large_string()))
        hashes = partials.only_chunk(table[DEVICE].cast(pa.binary(HASH_BYTES)))
        pairs = json.loads(file.metadata.metadata[partials.FOOTER_KEY])["pairs"]
    except (pa.ArrowException, OSError, KeyError, ValueError, TypeError) as error:
        raise StateError(f"{path}: no devices of this program: {error}.") from error
    if len(hashes) != pairs:
        raise StateError(f"{path}: does not add up to the {pairs} pairs in its footer.")
    hashed = memoryview(hashes.buffers()[1] or b"")
    return Devices(Contracts.pack(contracts), packed_hashes(bytes(hashed[: hashes.nbytes])))


def looked_at(folder: Path, stored: StoredDevices) -> os.stat_result:
    """What a look tells of a file of devices.

    Raises:
        StateError: It is missing, or has another size.
    """
    path = folder / layout.DEVICES / stored.file
    try:
        stat = path.stat()
    except OSError as error:
        raise StateError(f"{path}: cannot be read: {error.strerror}.") from error
    if stat.st_size != stored.bytes:
        raise StateError(f"{path}: damaged; it has another size.")
    return stat


def is_whole_at_a_look(folder: Path, stored: StoredDevices) -> bool:
    """Whether a look finds nothing wrong with a file of devices."""
    try:
        looked_at(folder, stored)
    except StateError:
        return False
    return True
