"""What every format of files can do."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


class Writer(Protocol):
    """Writes frames of the same columns, one behind another; at least one, which may be empty."""

    def __init__(self, file: IO[bytes]) -> None:
        """Begin a file."""

    def write(self, frame: pd.DataFrame) -> None:
        """Write a frame behind those before it."""

    def finish(self, account: Mapping[str, object]) -> None:
        """End the file; ``account`` is kept in it where the format can."""
