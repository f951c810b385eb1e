"""The progress bar, by bytes as stored, with rate and time left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

if TYPE_CHECKING:
    from typing import Self

    from engagement_cli.sources.discover import Source


class ProgressBar:
    """Bytes read of all sources, on standard error; it goes when it is done."""

    def __init__(self, total_bytes: int) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._progress.add_task("reading", total=total_bytes or None)
        self._done: dict[Source, int] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def advance(self, source: Source, stored_bytes: int) -> None:
        """So many bytes of a source are read by now."""
        self._progress.advance(self._task, stored_bytes - self._done.get(source, 0))
        self._done[source] = stored_bytes
