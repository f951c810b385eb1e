"""Files that are the old one or the new one: written aside, synced, put in place by a rename."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import io
import os
import shutil
import signal
import tempfile
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from engagement_cli.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


ASIDE = ".engagement-tmp"
"""How the names of files end that are not yet in place; whoever writes one holds a lock on it."""
_WRITTEN_OUT_BYTES = 8 * 1024 * 1024
_SYNC_FILE_RANGE_WRITE = 2
"""Linux: begin to write out, and do not wait."""


class UnconfirmedError(OSError):
    """What was written is in place, and the disk did not confirm that it stays there."""


@contextmanager
def replacing(
    path: Path,
    mode: int,
    check: Callable[[Path], None] | None = None,
) -> Iterator[IO[bytes]]:
    """A file to write to that is put in the place of ``path`` when the block ends without an error.

    What runs that were killed left aside of the same file is cleared first.

    Args:
        path: What is replaced, or made.
        mode: The permissions of the new file, whatever the umask.
        check: Is given the finished file before it is put in place, and may refuse by raising.

    Raises:
        UnconfirmedError: It is in place, and only the sync of its folder failed.
        OSError: It cannot be written; what stood there still stands.
    """
    prefix = f".{path.name}."
    clear_left_over(path.parent, prefix)
    descriptor, aside = _begin_aside(path.parent, prefix)
    lock = os.dup(descriptor)  # so that the file is held until it is in place
    try:
        with io.BufferedWriter(_WrittenOut(descriptor, "wb")) as file:
            os.fchmod(file.fileno(), mode)
            yield file
            file.flush()
            os.fsync(file.fileno())
        if check:
            check(aside)
        aside.replace(path)
    except BaseException:
        with suppress(OSError):  # the first error is the one to tell
            aside.unlink()
        raise
    finally:
        os.close(lock)
    confirm(path.parent)


class _WrittenOut(io.FileIO):
    """A file that the disk begins to write while more of it is made, so that a sync waits less."""

    _begin = getattr(ctypes.CDLL(None), "sync_file_range", None)
    _pending = 0

    def write(self, data: Any, /) -> int:
        """Write, as any file does."""
        written = super().write(data)
        self._pending += written
        if self._begin and self._pending >= _WRITTEN_OUT_BYTES:
            every = ctypes.c_int64(0)
            self._begin(self.fileno(), every, every, _SYNC_FILE_RANGE_WRITE)
            self._pending = 0
        return written


class Aside:
    """A new file that any thread may write to and put in place when it is whole, or never.

    The disk is not waited for: it is for what can be made anew and is known by its hash.

    Attributes:
        file: What to write to.
    """

    def __init__(self, folder: Path, mode: int) -> None:
        """Begin a file in a folder; what runs that were killed left aside there is cleared first.

        Raises:
            OSError: It cannot be made.
        """
        clear_left_over(folder)
        descriptor, self._path = _begin_aside(folder, ".")
        self.file: IO[bytes] = os.fdopen(descriptor, "wb")
        os.fchmod(descriptor, mode)

    def put(self, path: Path) -> None:
        """Put it in the place of ``path``, in the same folder.

        Raises:
            OSError: It cannot be written; what stood there still stands.
        """
        with self.file:  # which holds it until it is in place
            self.file.flush()
            self._path.replace(path)

    def drop(self) -> None:
        """Delete it."""
        with suppress(OSError):
            self._path.unlink()
        with suppress(OSError):
            self.file.close()


@contextmanager
def folder_aside(path: Path) -> Iterator[Path]:
    """A new folder beside ``path``; what has its name when the block ends is deleted.

    What runs that were killed left aside of the same folder is cleared first.

    Raises:
        OSError: It cannot be made.
    """
    prefix = f".{path.name}."
    clear_left_over(path.parent, prefix)
    while True:
        aside = Path(tempfile.mkdtemp(dir=path.parent, prefix=prefix, suffix=ASIDE))
        lock = os.open(aside, os.O_RDONLY)
        if _held(lock):
            break
        os.close(lock)
    try:
        yield aside
    finally:
        os.close(lock)
        shutil.rmtree(aside, ignore_errors=True)


def clear_left_over(folder: Path, prefix: str = ".") -> None:
    """Delete what stands aside and nobody holds any more; what cannot be deleted is harmless."""
    with suppress(OSError):
        for path in folder.iterdir():
            if path.name.startswith(prefix) and path.name.endswith(ASIDE):
                _clear_if_left_over(path)


def _clear_if_left_over(aside: Path) -> None:
    with suppress(OSError):
        descriptor = os.open(aside, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if aside.is_dir():
                shutil.rmtree(aside)
            else:
                aside.unlink()
        finally:
            os.close(descriptor)


def _begin_aside(folder: Path, prefix: str) -> tuple[int, Path]:
    """A new file, held by this process as long as it is open."""
    while True:
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=prefix, suffix=ASIDE)
        if _held(descriptor):
            return descriptor, Path(name)
        os.close(descriptor)


def _held(descriptor: int) -> bool:
    """Hold what was just made; another run may have been quicker and taken it for left over."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # no locks on this disk, and so nothing is taken for left over
        return True
    return os.fstat(descriptor).st_nlink > 0


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let ctrl-C and SIGTERM wait until the block ends, so that it is done and told as done.

    Raises:
        KeyboardInterrupt: At the end, if one of them came.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals come to the main thread alone
        return
    came: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: came.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def confirm(folder: Path) -> None:
    """Make durable what was just put in place in a folder.

    Raises:
        UnconfirmedError: The disk did not say that it is.
    """
    try:
        sync_folder(folder)
    except OSError as error:
        raise UnconfirmedError(error.errno, error.strerror) from error


def misread(path: Path) -> OutputError:
    """The error that a new file, not yet in place, does not read back as it was written."""
    return OutputError(
        f"{path}: what was written does not read back. What stood there still stands. "
        "Check the disk, then run again."
    )


@contextmanager
def told(target: str) -> Iterator[None]:
    """Turn what writing raises into one error that names the target.

    Raises:
        OutputError: Instead of any OSError but a broken pipe.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except UnconfirmedError as error:
        raise OutputError(
            f"{target}: is written, and the disk did not confirm it: {error.strerror}. After a "
            "power cut it may be the old or the new one. Check the disk, then run again."
        ) from error
    except OSError as error:
        advice = "Make room" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "Mend that"
        raise OutputError(
            f"{target}: cannot be written: {error.strerror or error}. "
            f"What stood there still stands. {advice} and run again."
        ) from error
