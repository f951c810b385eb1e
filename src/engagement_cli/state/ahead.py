"""The sum that a result will need, made while logs are still read and their partials written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement_cli.compact import CompactSum, Merger, NotCompactError
from engagement_cli.state import sums

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Executor, Future
    from datetime import date
    from pathlib import Path

    from engagement_cli.aggregate import Partial
    from engagement_cli.state.kept import Stamps

    Summand = tuple[str, date | None]
    """The content of a file, and the day for which it counts."""


class Ahead:
    """Adds what will be stored to what is stored, as if it were already."""

    def __init__(self, executor: Executor, folder: Path, wanted: Stamps) -> None:
        """Begin with the kept sum that is best for what is wanted.

        Args:
            executor: Runs one task after another.
            folder: Where sums are kept.
            wanted: The partials that are stored.
        """
        self._executor = executor
        self._sum = CompactSum.empty()
        self._summed: Stamps = {}
        self._begun = executor.submit(self._begin, folder, wanted)
        self._added: dict[Summand, Future[None]] = {}
        self._packed: Future[sums.Packed] | None = None

    def add(self, content: str, day: date | None, part: Partial) -> None:
        """Add the sums of a content that is not stored yet, and is about to be."""
        self._added[content, day] = self._executor.submit(self._add, part, day)
        if len(self._added) == 1:  # as every night; of more, each would be made ready in vain
            self._packed = self._executor.submit(lambda: sums.packed(self._sum))

    def settled(
        self, names: Mapping[Summand, str], wanted: Stamps
    ) -> tuple[Merger, Stamps, sums.Packed | None] | None:
        """The sum of what was added, and what it sums; None if something of that is not wanted.

        And behind them that sum ready to be kept, if it is.

        Args:
            names: For each content and day that counts, what its partial is called in stamps.
            wanted: The stamps of all that is wanted.
        """
        try:
            for future in (self._begun, *self._added.values()):
                future.result()
        except NotCompactError:
            return None
        if not (self._summed.items() <= wanted.items() and self._added.keys() <= names.keys()):
            return None
        summed = {*self._summed, *(names[summand] for summand in self._added)}
        merger = Merger(self._sum, has_grown=bool(self._added))
        ready = self._packed.result() if self._packed and len(self._added) == 1 else None
        return merger, {name: wanted[name] for name in summed}, ready

    def _begin(self, folder: Path, wanted: Stamps) -> None:
        self._sum, self._summed = sums.best(folder, wanted)

    def _add(self, part: Partial, day: date | None) -> None:
        self._sum = self._sum.merged(CompactSum.of(part, day))
