"""Who may do what at one time: one writer, and readers whom it does not disturb.

``flock`` holds the locks, so that they go with the process that holds them, however it ends.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from engagement_cli.errors import ConflictError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WRITER = "writer.lock"
"""Held alone by whoever changes the state, from beginning to end; says the newest generation."""
READERS = "readers.lock"
"""Shared by whoever reads; held alone, never waited for, by a writer that clears rubbish."""
_PAUSE = 0.05


@contextmanager
def writing_alone(folder: Path, timeout: float) -> Iterator[None]:
    """Be the one writer of a state.

    Args:
        folder: The state.
        timeout: Seconds to wait for another writer to end.

    Raises:
        ConflictError: Another writer did not end in time.
    """
    with _closing(_open(folder / WRITER)) as descriptor:
        until = time.monotonic() + timeout
        while not _locked(descriptor, fcntl.LOCK_EX):
            if time.monotonic() >= until:
                raise ConflictError(
                    f"{folder}: another process is writing to it. Nothing was changed. "
                    "Wait for it to end, or give --lock-timeout SECONDS."
                )
            time.sleep(_PAUSE)
        yield


@contextmanager
def reading_shared(folder: Path) -> Iterator[None]:
    """Keep what is stored from being cleared while it is read."""
    try:
        opened = _open(folder / READERS)
    except OSError as error:
        if error.errno != errno.EROFS:
            raise
        yield  # nobody can write there, and so nothing can be cleared
        return
    with _closing(opened) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield


@contextmanager
def nobody_reading(folder: Path) -> Iterator[bool]:
    """Whether nobody reads; if so, nobody begins to before the block ends."""
    with _closing(_open(folder / READERS)) as descriptor:
        yield _locked(descriptor, fcntl.LOCK_EX)


def newest(folder: Path) -> int:
    """The newest generation that a writer noted; 0 where none did."""
    with suppress(OSError, ValueError):
        return int((folder / WRITER).read_text("ascii"))
    return 0


def note_newest(folder: Path, generation: int) -> None:
    """Note the generation that stands, so that an older manifest is known for what it is.

    Nothing is lost where it cannot be noted: the note can only be too low.
    """
    with suppress(OSError):
        (folder / WRITER).write_text(str(generation), "ascii")


def _locked(descriptor: int, kind: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        return True
    return False


def _open(path: Path) -> int:
    """Open a lock file; where it cannot be written, reading it is enough.

    Raises:
        OSError: It is not there and cannot be made, or cannot be opened at all.
    """
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        try:
            return os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            raise error from None


@contextmanager
def _closing(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)
