"""Small frames put together before they are written: formats with row groups want large ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engagement_cli.sinks.writer import Writer

_ROWS = 500_000


class Batches:
    """Writes frames to a writer, some hundred thousand rows at a time."""

    def __init__(self, writer: Writer) -> None:
        """Begin with nothing."""
        self._writer = writer
        self._frames: list[pd.DataFrame] = []
        self._rows = 0

    def write(self, frame: pd.DataFrame) -> None:
        """Write a frame behind those before it, now or later."""
        self._frames.append(frame)
        self._rows += len(frame)
        if self._rows >= _ROWS:
            self._flush()

    def finish(self, account: Mapping[str, object]) -> None:
        """Write what is left, and end."""
        self._flush()
        self._writer.finish(account)

    def _flush(self) -> None:
        if self._frames:
            self._writer.write(pd.concat(self._frames, ignore_index=True))
            self._frames, self._rows = [], 0
