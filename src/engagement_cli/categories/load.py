"""Category tables in files: reading one, checking one, writing one to begin with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from engagement_cli.categories.builtin import TABLE
from engagement_cli.categories.table import CategoryTable
from engagement_cli.errors import CategoriesError, UsageError
from engagement_cli.files import replacing

if TYPE_CHECKING:
    from engagement_cli.categories.table import Fault

_BUILTIN = Path(__file__).with_name("builtin.yaml")
_TOLD = 20


def builtin_table() -> CategoryTable:
    """The table in force where none is given."""
    return TABLE


def builtin_text() -> str:
    """The built-in table as commented YAML."""
    return _BUILTIN.read_text(encoding="utf-8")


def load_table(path: Path | None) -> CategoryTable:
    """The table in a file, or the built-in one for None.

    Raises:
        CategoriesError: The file cannot be read, or has faults; the message gives each with its
            line, up to 20.
    """
    if path is None:
        return builtin_table()
    table, faults = examine(path)
    if faults:
        told = [fault.at(path) for fault in faults[:_TOLD]]
        if len(faults) > _TOLD:
            more = f"{path}: and {len(faults) - _TOLD} faults more"
            told.append(f"{more}; `engagement categories check {path}` gives all")
        raise CategoriesError("\n".join(told))
    return table


def check(path: Path) -> list[Fault]:
    """Every fault of the table in a file, by line; none when it is sound.

    The parameters of features are for whoever computes those to check.

    Raises:
        CategoriesError: The file cannot be read.
    """
    return examine(path)[1]


def write_builtin(path: Path, *, overwrite: bool = False) -> None:
    """Writes the built-in table to a file, whole or not at all.

    Raises:
        UsageError: A folder stands there, or a file that ``overwrite`` does not say to replace.
        OutputError: The file cannot be written.
    """
    if path.is_dir():
        raise UsageError(f"{path}: is a folder; name the file to write")
    if not overwrite and os.path.lexists(path):
        raise UsageError(f"{path}: exists already; --force replaces it")
    with replacing(str(path)) as file:
        file.write(builtin_text().encode())


def examine(path: Path) -> tuple[CategoryTable, list[Fault]]:
    """The table in a file, as far as it could be read, and every fault of it, by line.

    Raises:
        CategoriesError: The file cannot be read.
    """
    # yaml is not imported for the sake of a command that reads no table
    from engagement_cli.categories.document import MAX_BYTES, compose  # noqa: PLC0415
    from engagement_cli.categories.validate import validate  # noqa: PLC0415

    root, broken = compose(_read(path, MAX_BYTES + 1))
    if root is None and broken:
        return CategoryTable(()), sorted(set(broken))
    table, faults = validate(root)
    return table, sorted({*broken, *faults})


def _read(path: Path, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(size)
    except FileNotFoundError as error:
        hint = f"`engagement categories init {path}` writes one to begin with"
        raise CategoriesError(f"{path}: no such category table; {hint}") from error
    except OSError as error:
        raise CategoriesError(f"{path}: cannot be read: {error.strerror}") from error
