"""What a file is known by again: a hash of its bytes as stored, whoever reads them in what order.

The file is cut into leaves of 1 MiB, each is hashed with SHA-256, and the hash of these hashes is
the fingerprint. So threads that read ranges of one file each hash what they have just read, and
no byte is read twice for it. The cut is fixed: block sizes and jobs do not change a fingerprint.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LEAF_BYTES = 1024 * 1024


class Hashing(Protocol):
    """Hashes a file while it is read."""

    def hexdigest(self) -> str:
        """The fingerprint, 64 hexadecimal digits, once every byte was read."""


class StreamHash:
    """Hashes a file that is read from its first byte to its last."""

    def __init__(self) -> None:
        self._leaves: list[bytes] = []
        self._leaf = hashlib.sha256()
        self._room = LEAF_BYTES

    def update(self, data: memoryview) -> None:
        """Hash the next bytes."""
        while data:
            part, data = data[: self._room], data[self._room :]
            self._leaf.update(part)
            self._room -= len(part)
            if not self._room:
                self._close_leaf()

    def hexdigest(self) -> str:
        """See ``Hashing``."""
        if self._room < LEAF_BYTES:
            self._close_leaf()
        return _root(self._leaves)

    def _close_leaf(self) -> None:
        self._leaves.append(self._leaf.digest())
        self._leaf, self._room = hashlib.sha256(), LEAF_BYTES


class RangesHash:
    """Hashes a file that is read in ranges, in any order and by any thread."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._leaves: dict[int, bytes] = {}

    def cover(self, start: int, data: memoryview, read: Callable[[int, int], bytes]) -> None:
        """Hash the leaves that begin in a range.

        Args:
            start: Where the range begins in the file.
            data: Its bytes.
            read: Gives bytes of the file (how many, where), for what of the last leaf lies behind
                a range that does not end where a leaf does.
        """
        stop = start + len(data)
        for leaf in range(-(-start // LEAF_BYTES), -(-stop // LEAF_BYTES)):
            begin, end = leaf * LEAF_BYTES, min((leaf + 1) * LEAF_BYTES, self._size)
            hashed = hashlib.sha256(data[begin - start : end - start])
            if end > stop:
                hashed.update(read(end - stop, stop))
            self._leaves[leaf] = hashed.digest()

    def hexdigest(self) -> str:
        """See ``Hashing``."""
        count = -(-self._size // LEAF_BYTES)
        return _root(self._leaves[leaf] for leaf in range(count))


def _root(leaves: Iterable[bytes]) -> str:
    return hashlib.sha256(b"".join(leaves)).hexdigest()
