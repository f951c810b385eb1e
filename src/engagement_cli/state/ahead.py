"""The sum that a result will need, made while logs are still read and their partials written."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

from engagement_cli.compact import CompactSum, NotCompactError
from engagement_cli.state import sums

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Executor, Future
    from datetime import date
    from pathlib import Path

    from engagement_cli.aggregate import Partial
    from engagement_cli.compact import Compact, Total
    from engagement_cli.state.kept import Stamps

    Summand = tuple[str, date | None]
    """The content of a file, and the day for which it counts."""

T = TypeVar("T")


class Ahead(Generic[T]):
    """Adds what will be stored to what is stored, as if it were already."""

    def __init__(
        self,
        executor: Executor,
        folder: Path,
        wanted: Stamps,
        prepare: Callable[[Compact], T],
    ) -> None:
        """Begin with the kept sums that are best for what is wanted.

        Args:
            executor: Runs one task after another.
            folder: Where sums are kept.
            wanted: The partials that are stored.
            prepare: Makes of a sum what a result will need.
        """
        self._executor = executor
        self._folder = folder
        self._begun = executor.submit(sums.begun, folder, wanted)
        self._added: dict[Summand, Future[Compact | None]] = {}
        self._prepare = prepare
        self._prepared: Future[tuple[Compact, T] | None] | None = None
        self._draft: Future[sums.Draft | None] | None = None

    def add(self, content: str, day: date | None, part: Partial) -> None:
        """Add the sums of a content that is not stored yet, and is about to be."""
        self.drop_draft()
        added = self._executor.submit(self._add, part, day)
        self._added[content, day] = added
        if len(self._added) == 1:  # as every night; of more, each would be made ready in vain
            self._prepared = self._executor.submit(self._made_ready, added)
            self._draft = self._executor.submit(self._drawn, added)

    def settled(self, names: Mapping[Summand, str], wanted: Stamps) -> sums.Begun | None:
        """The sum of what was added; None if something of that is not wanted.

        Args:
            names: For each content and day that counts, what its partial is called in stamps.
            wanted: The stamps of all that is wanted.
        """
        if any(added.result() is None for added in self._added.values()):
            return None
        begun = self._begun.result()
        if not (begun.summed.items() <= wanted.items() and self._added.keys() <= names.keys()):
            return None
        begun.summed = begun.summed | {names[each]: wanted[names[each]] for each in self._added}
        return begun

    def prepared(self, total: Total) -> T | None:
        """What was prepared of this very sum."""
        made = self._prepared.result() if self._prepared and len(self._added) == 1 else None
        return made[1] if made and made[0] is total else None

    def taken_draft(self, total: Compact) -> sums.Draft | None:
        """This very sum, if it was written aside; whoever takes it keeps it."""
        made = self._draft.result() if self._draft else None
        if made is None or made.total is not total:
            return None
        self._draft = None
        return made

    def drop_draft(self) -> None:
        """Let go of a sum that was written aside and nobody took."""
        draft, self._draft = self._draft, None
        if draft and not draft.cancel() and (made := draft.result()):
            made.columns.drop()

    def _add(self, part: Partial, day: date | None) -> Compact | None:
        """The sum with one more added; nothing where that has no place in it."""
        merger = self._begun.result().merger
        with suppress(NotCompactError):
            merger.add(CompactSum.of(part, day))
            return merger.total()
        return None

    def _made_ready(self, added: Future[Compact | None]) -> tuple[Compact, T] | None:
        total = added.result()
        return None if total is None else (total, self._prepare(total))

    def _drawn(self, added: Future[Compact | None]) -> sums.Draft | None:
        """The sum, written aside; nothing where the disk does not take it."""
        total = added.result()
        with suppress(OSError):
            return None if total is None else sums.draft(self._folder, total)
        return None
