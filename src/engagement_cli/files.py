"""Where a result is written: a file that is replaced whole, a device, or standard output."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from engagement_cli import durable
from engagement_cli.errors import OutputError, UsageError
from engagement_cli.secret import masked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STDIN = STDOUT = "-"


def check_targets(targets: Iterable[str], inputs: Iterable[str], state: Path | None = None) -> None:
    """Find out before any work whether all of these could be written beside each other.

    Args:
        targets: What is to be written.
        inputs: What is read.
        state: The folder of a state, in which only the state itself is written.

    Raises:
        UsageError: Two of them are one, one of them is an input, or one lies in the state.
        OutputError: One cannot be written.
    """
    names = list(inputs)
    seen: set[str] = set()
    for target in targets:
        place = STDOUT if target == STDOUT else str(Path(target).resolve())
        if place in seen:
            told = "standard output" if target == STDOUT else masked(target)
            raise UsageError(f"{told}: two outputs cannot go to one place. Name another.")
        seen.add(place)
        refuse_within(target, state)
        check_target(target, names)


def refuse_within(target: str, state: Path | None) -> None:
    """Refuse to write where a state is.

    Raises:
        UsageError: The target is the folder of the state, or lies in it.
    """
    if state is None or target == STDOUT:
        return
    place, folder = Path(target).resolve(), state.resolve()
    if place == folder or folder in place.parents:
        raise UsageError(
            f"{target}: lies in the state {state}, which holds nothing else. Write somewhere else."
        )


def check_target(target: str, inputs: Iterable[str] = ()) -> None:
    """Find out before any work whether a file could be written.

    Raises:
        UsageError: The target is one of the inputs.
        OutputError: Its folder is missing or read-only, or it is a folder itself.
    """
    if target == STDOUT:
        return
    path, shown = Path(target), masked(target)
    if path.is_dir():
        raise OutputError(f"{shown}: is a folder. Name a file in it, such as {shown}/out.csv.")
    _check_place(target, path)
    for name in inputs:
        if path.exists() and Path(name).exists() and path.samefile(name):
            raise UsageError(f"{shown}: is one of the inputs. Write somewhere else.")


def check_folder(target: str, others: Iterable[str], inputs: Iterable[str]) -> None:
    """Find out before any work whether a folder could be replaced, with all that it holds.

    Args:
        target: The folder.
        others: The other outputs.
        inputs: Files and folders that are read.

    Raises:
        UsageError: It is, holds or lies in an input, or holds another output.
        OutputError: It cannot be written.
    """
    folder = Path(target).resolve()
    _check_place(target, folder)
    for name in inputs:
        path = Path(name).resolve()
        if name != STDIN and (_holds(folder, path) or (path.is_dir() and _holds(path, folder))):
            raise UsageError(
                f"{target}: is, holds or lies in the input {name}. Write somewhere else."
            )
    for other in others:
        if other != STDOUT and _holds(folder, Path(other).resolve()):
            raise UsageError(
                f"{other}: lies in {target}, which is replaced as a whole. Name another place."
            )


def _check_place(target: str, path: Path) -> None:
    """Raise an OutputError where the folder that will hold it is missing or read-only."""
    folder = path.resolve().parent
    shown, within = masked(target), masked(str(folder))
    if not folder.is_dir():
        raise OutputError(f"{shown}: the folder {within} does not exist. Create it first.")
    place = path if _is_special(path) and not path.is_dir() else folder
    if not os.access(place, os.W_OK):
        raise OutputError(f"{shown}: no right to write in {within}, or it is read-only.")


def _holds(folder: Path, path: Path) -> bool:
    return folder == path or folder in path.parents


@contextmanager
def replacing(target: str) -> Iterator[IO[bytes]]:
    """A file to write to, put in the target's place when the block ends without an error.

    A pipe or device is written to as it is, and so is standard output.

    Raises:
        OutputError: It cannot be written; what stood there still stands.
    """
    with durable.told(masked(target)):
        if target == STDOUT:
            if sys.stdout is None:
                raise OutputError("Standard output is closed. Write to a file, or open it.")
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        elif _is_special(path := Path(target)):
            with path.open("wb") as file:
                yield file
        else:
            with durable.replacing(path.resolve(), _mode(path.resolve())) as file:
                yield file


def _mode(path: Path) -> int:
    """The mode that the file has, or that a new one would get."""
    if path.exists():
        return stat.S_IMODE(path.stat().st_mode)
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file()
