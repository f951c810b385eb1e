"""Lines that repeat others: equal ``_id``s are one event, and the first line tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from datetime import date

    from engagement_cli.parse.chunk import Chunk
    from engagement_cli.sources.discover import Source


class Repeats:
    """Drops repeats from chunks that come in order, day by day.

    The ``_id``s themselves are kept, of one day at a time: about 130 bytes for each. A source
    without a day is a day of its own. A line without ``_id`` repeats none.
    """

    def __init__(self) -> None:
        self._day: date | str | None = None
        self._seen: set[str] = set()

    def without(self, source: Source, chunk: Chunk) -> Chunk:
        """A chunk without the lines whose ``_id`` was seen before; it was read with ``_id``."""
        if self._day != (source.day or source.name):
            self._day, self._seen = source.day or source.name, set()
        assert chunk.hit_ids is not None
        names: list[str | None] = chunk.hit_ids.to_pylist()
        fresh = {name for name in names if name is not None}
        if len(fresh) == len(names) and self._seen.isdisjoint(fresh):
            self._seen |= fresh
            return chunk
        repeated = np.fromiter((self._is_repeat(name) for name in names), np.bool_, len(names))
        return chunk.without(repeated) if repeated.any() else chunk

    def _is_repeat(self, name: str | None) -> bool:
        if name is None:
            return False
        before = len(self._seen)
        self._seen.add(name)
        return len(self._seen) == before
