"""Files that are the old one or the new one: written aside, synced, put in place by a rename."""

from __future__ import annotations

import errno
import os
import signal
import tempfile
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from engagement_cli.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ASIDE = ".tmp"
"""How the names of files end that are not yet in place; one that is left over is rubbish."""


@contextmanager
def replacing(
    path: Path, mode: int, check: Callable[[Path], None] | None = None
) -> Iterator[IO[bytes]]:
    """A file to write to that is put in the place of ``path`` when the block ends without an error.

    Args:
        path: What is replaced, or made.
        mode: The permissions of the new file, whatever the umask.
        check: Is given the finished file before it is put in place, and may refuse by raising.

    Raises:
        OSError: It cannot be written; what stood there still stands, unless only the last sync of
            the folder failed.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=ASIDE)
    aside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
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
    sync_folder(path.parent)


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
    except OSError as error:
        advice = "Make room" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "Mend that"
        raise OutputError(
            f"{target}: cannot be written: {error.strerror or error}. "
            f"What stood there still stands. {advice} and run again."
        ) from error
